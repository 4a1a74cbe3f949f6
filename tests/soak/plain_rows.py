"""The database as somebody sees it who does not use the product's code: plain SQL, one snapshot at a time."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import psycopg

Row = tuple[Any, ...]
READ_SECONDS = 30


class DatabaseAway(Exception):
    """It could not be asked now."""


class Rows(Protocol):
    """Answers questions as of one moment."""

    def __call__(self, question: str) -> list[Row]: ...


class PlainDatabase:
    """An SQLite file, or a PostgreSQL URL that leads past every proxy."""

    def __init__(self, *, file: Path, url: str) -> None:
        self._file = file
        self._url = url

    @contextmanager
    def at_one_moment(self) -> Iterator[Rows]:
        """Everything asked inside is answered from one snapshot. Raises DatabaseAway."""
        try:
            with self._postgres() if self._url else self._sqlite() as rows:
                yield rows
        except (sqlite3.OperationalError, psycopg.OperationalError) as error:
            raise DatabaseAway(str(error)) from error

    @contextmanager
    def _sqlite(self) -> Iterator[Rows]:
        address = f"file:{self._file}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=READ_SECONDS)) as connection:
            connection.execute("BEGIN")
            yield lambda question: connection.execute(question).fetchall()

    @contextmanager
    def _postgres(self) -> Iterator[Rows]:
        with psycopg.connect(self._url, connect_timeout=2) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            yield lambda question: connection.execute(question.encode()).fetchall()


def instant(stored: object) -> datetime:
    """A time as either database gives it."""
    found = stored if isinstance(stored, datetime) else datetime.fromisoformat(str(stored))
    return found if found.tzinfo else found.replace(tzinfo=UTC)
