"""Hand every contender an empty database of its own, SQLite or PostgreSQL, and take them away at the end."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.benchmarks.postgres import DISK, PostgresServer, private_postgres
from tests.benchmarks.rows import Database, Row


class Databases:
    """The databases of one benchmark; PostgreSQL starts when the first row asks for it."""

    def __init__(self) -> None:
        self.scratch = Path(tempfile.mkdtemp(prefix="watchfloor-bench-", dir=DISK))
        self._open = ExitStack()
        self._addresses: dict[tuple[str, str], str] = {}
        self._server: PostgresServer | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._open.close()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def address(self, row: Row, contender: str) -> str:
        """Return the contender's database for this row: the same one in every repetition.

        Raises ProgramMissing or PostgresFailedError when there is no server to be had.
        """
        key = (row.name, contender)
        if key not in self._addresses:
            self._addresses[key] = self.named(f"{row.name}-{contender}", row.database)
        return self._addresses[key]

    def named(self, name: str, database: Database) -> str:
        """Make an empty database of this name and return its address; raises as `address` does."""
        if database is Database.SQLITE:
            return f"sqlite:///{self.scratch / name}.sqlite3"
        if self._server is None:
            self._server = self._open.enter_context(private_postgres())
        return self._server.create_database(name)
