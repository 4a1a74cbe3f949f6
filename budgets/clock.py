"""The database's clock: processes whose own clocks differ still book into the same day."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import DatabaseError, InterfaceError, connection

from budgets.hot_sql import vendor

logger = logging.getLogger(__name__)
READ_AGAIN_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class _Reading:
    """What the database's clock showed, and this process's stopwatch, which nobody sets, when it was asked."""

    at: datetime
    stopwatch: float


_last: _Reading | None = None
_told_by: Callable[[], datetime] | None = None


def now() -> datetime:
    """The present instant, aware. Windows, expiries and deadlines that several processes compare are read here.

    One query every ten seconds on PostgreSQL; SQLite has the clock of its process. While the database does not
    answer, the last reading goes on; raises its error when there is none yet.
    """
    if _told_by is not None:
        return _told_by()
    if vendor() != "postgresql":
        return datetime.now(UTC)
    stopwatch, last = time.monotonic(), _last
    if last is None or stopwatch - last.stopwatch > READ_AGAIN_SECONDS:
        last = _read(last)
    return last.at + timedelta(seconds=stopwatch - last.stopwatch)


@contextmanager
def told_by(source: Callable[[], datetime]) -> Iterator[None]:
    """Inside, this whole process has its time from elsewhere: to tell a day that is over as it would have gone."""
    global _told_by
    _told_by = source
    try:
        yield
    finally:
        _told_by = None


def _read(last: _Reading | None) -> _Reading:
    global _last
    stopwatch = time.monotonic()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            _last = _Reading(cursor.fetchone()[0].astimezone(UTC), stopwatch)
    except (DatabaseError, InterfaceError) as error:
        if last is None:
            raise
        logger.warning("the database's clock could not be read: %s", error)
        return last
    return _last
