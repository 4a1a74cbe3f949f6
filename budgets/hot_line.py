"""A connection of the hot path's own: one transaction after another on the driver itself, in as few trips as can be.

Django looks its connection up for every statement, and wraps each; the two commits of a turn have some thirty. Here
the driver is looked up once. Django's own work in such a transaction, the ORM's and `on_commit`, goes on as usual; the
ORM's only until something is written, since what is written may be on its way still.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, Protocol

import psycopg
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from budgets.hot_pipeline import PostgresLine
from budgets.hot_values import Rows, SqlValue, Write, question_marks


class CommitInDoubt(OperationalError):
    """The connection broke while the commit was under way: the transaction stands as a whole, or not at all."""


class Line(Protocol):
    """A driver's connection that takes transactions; its errors are the driver's.

    What it is asked may wait for the first `fetchall`, and what is said of its writes for the commit.
    """

    is_open: bool
    """Whether a transaction is under way."""
    in_doubt: bool
    """Whether a COMMIT has left, and nothing is known of it."""

    def begin(self) -> None:
        """Open a transaction."""

    def ask(self, sql: str, parameters: Sequence[SqlValue]) -> Rows:
        """Send a query."""

    def write(self, writes: Sequence[Write]) -> None:
        """Run statements over rows, in their order."""

    def commit(self) -> None:
        """Make it last."""

    def rollback(self) -> None:
        """Undo it. Raises an error of the driver when that cannot be said."""

    def close(self) -> None:
        """Leave the connection as it was found."""


class SqliteLine:
    """A database in this process: each statement runs as it is given."""

    def __init__(self, driver: Any, begin: str) -> None:
        self._driver = driver
        self._begin = begin
        self.is_open = self.in_doubt = False

    def begin(self) -> None:
        """Take the write lock, as Django's settings say."""
        self.in_doubt = False
        self._driver.execute(self._begin)
        self.is_open = True

    def ask(self, sql: str, parameters: Sequence[SqlValue]) -> Rows:
        """Run a query."""
        found: Rows = self._driver.execute(question_marks(sql), parameters)
        return found

    def write(self, writes: Sequence[Write]) -> None:
        """Run each statement once a row."""
        for statement, rows in writes:
            self._driver.executemany(question_marks(statement), rows)

    def commit(self) -> None:
        """Wait for the disk; an error says nothing of what is on it."""
        self.in_doubt = True
        self._driver.commit()
        self.is_open = self.in_doubt = False

    def rollback(self) -> None:
        """Undo what there is."""
        self.is_open = False
        self._driver.rollback()

    def close(self) -> None:
        """Nothing was changed."""


_line: ContextVar[Line | None] = ContextVar("the connection for `one_transaction`", default=None)


def line_on(wrapper: BaseDatabaseWrapper) -> Line:
    """A line on a connection that is open, and that nobody else uses."""
    if isinstance(wrapper.connection, psycopg.Connection):
        return PostgresLine(wrapper.connection)
    return SqliteLine(wrapper.connection, f"BEGIN {getattr(wrapper, 'transaction_mode', None) or ''}")


def open_line() -> Line | None:
    """The line whose transaction this thread is in."""
    line = _line.get()
    return line if line is not None and line.is_open else None


@contextmanager
def using(line: Line | None) -> Iterator[None]:
    """Inside, `one_transaction` takes this line, which must be on the thread's present connection."""
    token = _line.set(line)
    try:
        yield
    finally:
        _line.reset(token)


@contextmanager
def one_transaction() -> Iterator[None]:
    """A transaction on the line in use; without one it is Django's, and part of whatever is open already.

    Raises CommitInDoubt when nobody knows whether it was committed, and what else the database raises.
    """
    line = _line.get()
    if line is None:
        with transaction.atomic():
            yield
        return
    wrapper = connections[DEFAULT_DB_ALIAS]
    try:
        with wrapper.wrap_database_errors:
            line.begin()
            wrapper.in_atomic_block, wrapper.needs_rollback = True, False
            try:
                yield
                line.commit()
            except BaseException:
                _roll_back(wrapper, line)
                raise
            wrapper.in_atomic_block = False
    except (OperationalError, InterfaceError) as error:
        if line.in_doubt:
            raise CommitInDoubt("the commit was not answered") from error
        raise
    if wrapper.run_on_commit:
        wrapper.run_and_clear_commit_hooks()


def _roll_back(wrapper: BaseDatabaseWrapper, line: Line) -> None:
    """As Django does: what cannot even be rolled back is dropped."""
    wrapper.in_atomic_block, wrapper.needs_rollback, wrapper.run_on_commit = False, False, []
    try:
        line.rollback()
    except Exception:  # the error that led here is raised
        with suppress(Exception):
            wrapper.close()
        wrapper.connection = None
