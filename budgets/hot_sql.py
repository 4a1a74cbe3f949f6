"""Explicit SQL for the hot path, through the driver itself; its statements have one text for any number of rows.

Each database gets the rows as is quickest there. PostgreSQL takes all rows of a table in one JSON parameter; SQLite,
which is in this process, runs a statement once a row. Inside `hot_line.one_transaction` on a line all of this goes
through the line, which sends as much as it can at once; in anybody else's transaction, through Django's connection.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any, Literal

import psycopg
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction

from budgets.hot_line import open_line
from budgets.hot_values import (
    Row,
    Rows,
    SqlValue,
    Write,
    as_list,
    as_parameter,
    numbered,
    question_marks,
)

SqlType = Literal["int", "text", "bool", "at", "json"]
Columns = dict[str, SqlType]

OF_FEW_ROWS = (
    "enable_seqscan = off",
    "enable_hashjoin = off",
    "enable_mergejoin = off",
    "plan_cache_mode = force_generic_plan",
)
OF_WHOLE_TABLES = (
    "enable_seqscan = on",
    "enable_hashjoin = on",
    "enable_mergejoin = on",
    "enable_nestloop = off",
    "jit = off",
    "work_mem = '32MB'",
)
_TYPES: dict[str, dict[SqlType, str]] = {
    "postgresql": {"int": "bigint", "text": "text", "bool": "boolean", "at": "timestamptz", "json": "jsonb"},
    "sqlite": {"int": "bigint", "text": "text", "bool": "integer", "at": "text", "json": "text"},
}
_ROWS = {"postgresql": "jsonb_array_elements(CAST(%s AS jsonb))", "sqlite": "json_each(%s)"}
_NEW = re.compile(r"\bnew\.(\w+)")
_VALUE = {"postgresql": "value ->> {index}", "sqlite": "json_extract(value, '$[{index}]')"}


@cache
def vendor() -> str:
    """The kind of database, which does not change while a process lives."""
    return connection.vendor


def select_rows(columns: Columns) -> str:
    """A SELECT that turns one JSON parameter into rows of these columns."""
    value, types = _VALUE[vendor()], _TYPES[vendor()]
    selected = (
        f"CAST({value.format(index=index)} AS {types[kind]}) AS {name}"
        for index, (name, kind) in enumerate(columns.items())
    )
    return f"SELECT {', '.join(selected)} FROM {_ROWS[vendor()]}"


def insert_sql(table: str, columns: Columns) -> str:
    """An INSERT of the rows that `write` is given; `ON CONFLICT` may follow it behind `WHERE TRUE`."""
    rows = select_rows(columns) if vendor() == "postgresql" else f"SELECT {', '.join(['%s'] * len(columns))}"
    return f"INSERT INTO {table} ({', '.join(columns)}) {rows}"


def update_sql(table: str, columns: Columns, *, changes: str, where: str) -> str:
    """An UPDATE by the rows that `write` is given; `changes` and `where` call their columns `new.<name>`.

    SQLite, which takes one row at a time, takes it as parameters: a join with that one row takes it twice as long.
    """
    if vendor() == "postgresql":
        return f"UPDATE {table} SET {changes} FROM ({select_rows(columns)}) AS new WHERE {where}"
    places = {name: f"?{place}" for place, name in enumerate(columns, start=1)}
    return _NEW.sub(lambda found: places[found[1]], f"UPDATE {table} SET {changes} WHERE {where}")


@cache
def lock_sql(table: str, columns: str, id_type: SqlType) -> str:
    """A SELECT that locks rows by id, in id order, so that two groups can wait for each other but not deadlock.

    SQLite's transaction has locked everything from its BEGIN on.
    """
    lock = " FOR NO KEY UPDATE" if vendor() == "postgresql" else ""
    return f"SELECT {columns} FROM {table} WHERE {one_of('id', id_type)} ORDER BY id{lock}"


def one_of(column: str, id_type: SqlType) -> str:
    """A condition that a column is one of the ids in `ids_parameter`; PostgreSQL finds a few by an index, each."""
    if vendor() == "postgresql":
        return f"{column} = ANY(CAST(%s AS {_TYPES['postgresql'][id_type]}[]))"
    return f"{column} IN (SELECT value FROM json_each(%s))"


class Asked:
    """A query that was sent, and whose rows may still be on their way."""

    def __init__(self, cursor: Rows) -> None:
        self._cursor = cursor

    def rows(self) -> list[tuple[Any, ...]]:
        """All rows, as the driver gives them; for instants see `read_at`."""
        if open_line() is not None:
            return self._cursor.fetchall()
        with connection.wrap_database_errors:
            return self._cursor.fetchall()


def in_transaction() -> bool:
    """Whether locks taken now are held until a COMMIT."""
    return open_line() is not None or connection.in_atomic_block


def ask(sql: str, parameters: Sequence[SqlValue]) -> Asked:
    """Send one query."""
    line = open_line()
    if line is not None:
        return Asked(line.ask(sql, parameters))
    with connection.wrap_database_errors:
        return Asked(_execute(sql, parameters))


def fetch(sql: str, parameters: Sequence[SqlValue]) -> list[tuple[Any, ...]]:
    """Send one query and wait for its rows."""
    return ask(sql, parameters).rows()


def write(sql: str, rows: Sequence[Row]) -> None:
    """Run a statement over rows; nothing without rows. On a line an error of it may come as late as the commit."""
    write_all([(sql, rows)])


def write_all(writes: Iterable[Write]) -> None:
    """Run statements over their rows, one after the other; those without rows are left out."""
    if given := [each for each in writes if each[1]]:
        _run(given)


def plan_for_few_rows() -> None:
    """Tell this connection's planner that everything is found by its key, and that one plan of a statement will do.

    It takes a JSON parameter for a hundred rows and would read whole tables for the one row that is in it.
    """
    if vendor() == "postgresql":
        for setting in OF_FEW_ROWS:
            ask(f"SET {setting}", ())


def plan_as_usual() -> None:
    """Take `plan_for_few_rows` back: a pool may hand this connection to somebody who joins whole tables."""
    if vendor() == "postgresql":
        for setting in OF_FEW_ROWS:
            ask(f"RESET {setting.partition(' ')[0]}", ())


@contextmanager
def planned_for_whole_tables() -> Iterator[None]:
    """Reads inside join by hash or by merge, whatever the planner believes about the sizes of the tables.

    Statistics are gathered now and then: a table that was empty then gets nested loops, which take hours over a
    million rows. The connection has its settings back afterwards. SQLite joins by key here, and a transaction
    would only keep its writers out.
    """
    if vendor() != "postgresql":
        yield
        return
    with transaction.atomic():
        for setting in OF_WHOLE_TABLES:
            _execute(f"SET LOCAL {setting}", ())
        yield
        transaction.set_rollback(True)


def ids_parameter(ids: Collection[str] | Collection[int]) -> str:
    """The parameter of `lock_sql` and of `one_of`."""
    if vendor() != "postgresql":
        return as_list(ids)
    quoted = (str(each).replace("\\", "\\\\").replace('"', '\\"') for each in ids)
    return "{" + ",".join(f'"{each}"' for each in quoted) + "}"


def stored_at(at: datetime) -> str:
    """An instant as Django stores it here: UTC, which SQLite does not say and PostgreSQL must be told."""
    return _stored_at(at)


@lru_cache(maxsize=1024)
def _stored_at(at: datetime) -> str:
    utc = at.astimezone(UTC)
    return str(utc if vendor() == "postgresql" else utc.replace(tzinfo=None))


def read_at(value: datetime | str | None) -> datetime | None:
    """An instant as `fetch` gave it: SQLite gives text that forgets that it is UTC."""
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at


def _run(writes: Sequence[Write]) -> None:
    line = open_line()
    if line is not None:
        line.write(writes)
        return
    with connection.wrap_database_errors:
        driver = _driver()
        for statement, rows in writes:
            if _is_postgres(driver):
                _execute(statement, [as_parameter(rows)])
            else:
                driver.executemany(question_marks(statement), rows)


def _driver() -> Any:
    wrapper = connections[DEFAULT_DB_ALIAS]
    wrapper.ensure_connection()
    return wrapper.connection


def _is_postgres(driver: object) -> bool:
    return isinstance(driver, psycopg.Connection)


def _execute(sql: str, parameters: Sequence[SqlValue]) -> Any:
    driver = _driver()
    if _is_postgres(driver):
        # Raw: psycopg would split a text of this length anew each time to find its placeholders.
        return psycopg.RawCursor(driver).execute(numbered(sql), parameters, prepare=True)
    return driver.execute(question_marks(sql), tuple(parameters))
