"""Rows that take long to make, made once a test process and put into each test's database again."""

from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.db import connection, transaction


class KeptRows:
    """What `make` adds to an empty database, table by table."""

    def __init__(self, make: Callable[[], None]) -> None:
        """Let it happen and undo it; PostgreSQL's sequences stay where it left them, so that no id comes twice."""
        with transaction.atomic():
            before = _tables()
            make()
            after = _tables()
            transaction.set_rollback(True)
        added = {name: [row for row in rows if row not in before[name]] for name, rows in after.items()}
        self._tables = {name: rows for name, rows in added.items() if rows}

    def put(self) -> None:
        """Add the rows, with the ids and times that they were first made with."""
        with transaction.atomic(), connection.cursor() as cursor:
            for name, rows in self._tables.items():
                row = f"({', '.join(['%s'] * len(rows[0]))})"
                values = [value for each in rows for value in each]
                cursor.execute(f'INSERT INTO "{name}" VALUES {", ".join([row] * len(rows))}', values)


def _tables() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    rows = {}
    with connection.cursor() as cursor:
        for model in apps.get_models():
            name = model._meta.db_table
            cursor.execute(f'SELECT * FROM "{name}"')
            rows[name] = cursor.fetchall()
    return rows
