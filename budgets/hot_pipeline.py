"""The hot path's transactions on PostgreSQL, through libpq's pipeline: two trips to the server for each.

What is asked waits until its first rows are wanted, and takes BEGIN along. What is written is sent at once, so that the
server works on it while the next rows are made, and is heard with the COMMIT. psycopg's cursors take a third trip, and
more time for each statement than the server does. Between a write and the COMMIT the connection takes nothing else.
"""

import select
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from typing import Any

import psycopg
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

from budgets.hot_values import Rows, SqlValue, Write, as_parameter, numbered

GOOD = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)
_number = count()


class PostgresLine:
    """A connection outside of any transaction that commits by itself: as Django leaves it between two."""

    def __init__(self, driver: "psycopg.Connection[Any]") -> None:
        self._libpq = driver.pgconn
        self._transformer = Transformer()  # psycopg's own, quicker than Django's; instants are in UTC
        self._poll = select.poll()
        self._poll.register(self._libpq.socket, select.POLLIN)
        self._sent: list[_Sent] = []
        self._names: dict[str, bytes] = {}
        self._prepared: list[bytes] = []
        self.is_open = self.in_doubt = False

    def begin(self) -> None:
        """Let BEGIN go with whatever is sent first."""
        self.is_open, self.in_doubt = True, False
        self._execute("BEGIN", [])

    def ask(self, sql: str, parameters: Sequence[SqlValue]) -> Rows:
        """Let a query wait for the first rows that somebody wants."""
        return self._execute(sql, [_encoded(value) for value in parameters])

    def write(self, writes: Sequence[Write]) -> None:
        """Send these on; what the server says of them is heard with the COMMIT, or with rows that somebody wants."""
        for statement, rows in writes:
            self._execute(statement, [as_parameter(rows).encode()])
        self._flush()

    def commit(self) -> None:
        """Send the COMMIT and hear. An error that the server tells is an answer: nothing stands then."""
        self.in_doubt = True
        ended = self._command(b"COMMIT")
        heard = self._trip()
        self.in_doubt = False
        self._check(heard)
        if ended.result is None or ended.result.command_status != b"COMMIT":
            raise psycopg.InternalError("the server rolled back what it was to commit")
        self.is_open = False

    def rollback(self) -> None:
        """Undo everything, and what is prepared too, since that may be what failed."""
        self.is_open = False
        if self._sent:
            self._trip()  # behind an error the server takes no ROLLBACK before it has been heard
        self._command(b"ROLLBACK")  # not psycopg's, which would at times deallocate everything
        self.close()

    def close(self) -> None:
        """Leave nothing prepared: a pool may hand this connection to somebody else."""
        for name in self._prepared:
            self._command(b"DEALLOCATE " + name)
        self._names.clear()
        self._prepared.clear()
        if self._sent:
            self.exchange()

    def exchange(self) -> None:
        """Hear of all that was sent. Raises the first error, once there is no more to hear."""
        self._check(self._trip())

    def _trip(self) -> "list[_Sent]":
        """Send the last of it, and hear all that the server has to say; its errors are answers too."""
        sent, self._sent = self._sent, []
        self._libpq.pipeline_sync()
        self._flush()
        for each in sent:
            each.result = self._next_result()
            self._next_result()  # None, which ends the answer to one command
            if each.prepares and each.good:
                self._prepared.append(each.prepares)
        end = self._next_result()
        if end is None or end.status != ExecStatus.PIPELINE_SYNC:
            raise psycopg.OperationalError(self._libpq.get_error_message())
        self._libpq.exit_pipeline_mode()
        return sent

    def _check(self, heard: "list[_Sent]") -> None:
        for each in heard:
            if each.result is not None and not each.good:
                raise error_from_result(each.result)

    def rows_of(self, result: PGresult) -> list[tuple[Any, ...]]:
        """Rows of numbers, texts and instants."""
        self._transformer.set_pgresult(result)
        return self._transformer.load_rows(0, result.ntuples, tuple)

    def _execute(self, sql: str, parameters: Sequence[bytes | None]) -> "_Sent":
        name = self._names.get(sql)
        if name is None:
            name = self._names[sql] = b"hot_%d" % next(_number)
            self._put(partial(self._libpq.send_prepare, name, numbered(sql))).prepares = name
        return self._put(partial(self._libpq.send_query_prepared, name, parameters))

    def _command(self, text: bytes) -> "_Sent":
        return self._put(partial(self._libpq.send_query_params, text, None))

    def _put(self, send: Callable[[], None]) -> "_Sent":
        if not self._sent:
            self._libpq.enter_pipeline_mode()
        send()
        sent = _Sent(self)
        self._sent.append(sent)
        return sent

    def _flush(self) -> None:
        """Send all of it; what the server says meanwhile is taken in, or both sides would wait for each other."""
        while self._libpq.flush():
            self._poll.modify(self._libpq.socket, select.POLLIN | select.POLLOUT)
            ready = self._poll.poll()
            self._poll.modify(self._libpq.socket, select.POLLIN)
            if any(event & ~select.POLLOUT for _, event in ready):
                self._libpq.consume_input()

    def _next_result(self) -> PGresult | None:
        libpq = self._libpq
        while libpq.is_busy():
            self._poll.poll()
            libpq.consume_input()
        return libpq.get_result()


class _Sent:
    """One command, and what the server said to it."""

    __slots__ = ("_line", "prepares", "result")

    def __init__(self, line: PostgresLine) -> None:
        self._line = line
        self.prepares = b""
        self.result: PGresult | None = None

    @property
    def good(self) -> bool:
        return self.result is not None and self.result.status in GOOD

    def fetchall(self) -> list[tuple[Any, ...]]:
        if self.result is None:
            self._line.exchange()
        if self.result is None:
            raise psycopg.InterfaceError("the query was not answered")
        return self._line.rows_of(self.result)


def _encoded(value: SqlValue) -> bytes | None:
    """A parameter as text; libpq would cut it at a NUL."""
    if value is None:
        return None
    text = str(value).encode()
    if b"\0" in text:
        raise psycopg.DataError("a text with a NUL cannot be sent")
    return text
