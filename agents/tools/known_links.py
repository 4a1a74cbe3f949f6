"""What this process knows of all links: their rows as last read, with what it has written itself since."""

import logging
import threading
import time
from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError, InterfaceError

from agents.models import ToolHealth
from agents.outage import hand_back_connection
from agents.tools.breaker import Breaker

logger = logging.getLogger(__name__)
REFRESH_SECONDS = 1.5
"""Read again when older: what a person forces holds everywhere within two seconds, also without Redis."""


@dataclass(frozen=True, slots=True)
class Known:
    """One link."""

    breaker: Breaker
    slow_after_ms: int | None = None
    probe_asked_at: datetime | None = None

    @property
    def calm(self) -> bool:
        """Whether nobody waits to hear of a call that went well."""
        return self.breaker.state == "closed" and self.probe_asked_at is None


class KnownLinks:
    """A copy of a small table in memory. One thread reads it again, whoever comes meanwhile decides by the old one."""

    def __init__(self) -> None:
        self._reading = threading.Lock()
        self._lock = threading.Lock()
        self._links: dict[str, Known] = {}
        self._written: dict[str, float] = {}
        self._read_at = float("-inf")

    def get(self, link: str) -> Known | None:
        """What is known of a link; None for one that has no row."""
        if time.monotonic() - self._read_at > REFRESH_SECONDS:
            self._read_once()
        return self._links.get(link)

    def read(self) -> None:
        """Read all rows. Raises the database's errors."""
        began = time.monotonic()
        fresh = {row.link: to_known(row) for row in ToolHealth.objects.all()}
        with self._lock:
            self._written = {link: at for link, at in self._written.items() if at >= began}
            self._links = fresh | {link: self._links[link] for link in self._written}
            self._read_at = began

    def remember(self, row: ToolHealth) -> None:
        """What was just written of a link: a read that began before does not undo it."""
        with self._lock:
            self._links[row.link] = to_known(row)
            self._written[row.link] = time.monotonic()

    def _read_once(self) -> None:
        first = self._read_at == float("-inf")
        if not self._reading.acquire(blocking=first):
            return
        try:
            if not first or self._read_at == float("-inf"):
                self.read()
        except (DatabaseError, InterfaceError) as error:  # a call need not fail for it: its own commit will wait
            if first:
                raise
            logger.warning("the health of links is not known anew: %s", error)
            hand_back_connection()
        finally:
            self._reading.release()


def to_known(row: ToolHealth) -> Known:
    """A row as decisions need it."""
    return Known(to_breaker(row), row.slow_after_ms, row.probe_asked_at)


def to_breaker(row: ToolHealth) -> Breaker:
    """A stored link as arithmetic sees it."""
    return Breaker(
        state=row.known_state,
        forced=row.known_forced,
        calls=row.calls,
        failures=row.failures,
        window_started_at=row.window_started_at,
        opened_at=row.opened_at,
        probe_at=row.probe_at,
        openings=row.openings,
    )
