"""What empties the database after a test that commits: only the tables that hold something, and row by row.

Django truncates all of them each time. PostgreSQL then makes each table's and each index's file anew, which takes it
twenty times as long as to delete the handful of rows that a test leaves.
"""

from collections.abc import Iterator
from functools import cache

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test import TransactionTestCase

WRITTEN_BY_MIGRATE = frozenset({"django_content_type", "auth_permission"})
"""Django writes these anew after each of its flushes; here they stay."""


@pytest.fixture(scope="session", autouse=True)
def _emptied_quickly() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _test: empty())
        yield


def empty() -> None:
    """Delete every row. Constraints are checked when it is committed, so the order of the tables does not matter."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # As TRUNCATE would, wait for a thread of the test that still writes.
            cursor.execute(f"LOCK TABLE {', '.join(tables())} IN SHARE ROW EXCLUSIVE MODE")
        holds_rows = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in tables())
        cursor.execute(holds_rows)
        for (name,) in cursor.fetchall():
            cursor.execute(f"DELETE FROM {name}")


@cache
def tables() -> tuple[str, ...]:
    """The tables of all models, and those between them."""
    models = apps.get_models(include_auto_created=True)
    return tuple(sorted({model._meta.db_table for model in models if model._meta.managed} - WRITTEN_BY_MIGRATE))
