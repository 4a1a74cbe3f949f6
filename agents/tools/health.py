"""Breakers shared by all workers: decided from this process's memory, refreshed from rows, written when they matter."""

import threading
import time
from datetime import UTC, datetime

from django.db import transaction

from agents.journal.gate import plain
from agents.models import ToolHealth
from agents.tools.breaker import Breaker

REFRESH_SECONDS = 2.0
WRITE_SECONDS = 2.0


class SharedHealth:
    """The engine's Health port. A calm link's successes are counted here and written now and then; failures at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, tuple[Breaker | None, float]] = {}
        self._unwritten: dict[str, int] = {}
        self._written_at: dict[str, float] = {}

    def allows(self, link: str, *, last_resort: bool = False) -> bool:
        """Whether a call may go to this link now. A half-open link lets one caller through, in all workers together.

        Whoever has nothing else to turn to may also call one that merely fails often.
        """
        breaker = self._current(link)
        if breaker is None or breaker.forced == "closed":
            return True
        if breaker.forced == "open":
            return False
        if breaker.state == "closed":
            return True
        if breaker.wants_probe(datetime.now(UTC)) and self._take_probe(link):
            return True
        return last_resort and not breaker.tripped

    def record(self, link: str, *, error: str) -> None:
        """Count one call."""
        breaker = self._current(link)
        calm = not error and (breaker is None or (breaker.state == "closed" and breaker.failures == 0))
        with self._lock:
            self._unwritten[link] = self._unwritten.get(link, 0) + 1
            if calm and time.monotonic() - self._written_at.get(link, 0.0) < WRITE_SECONDS:
                return
            calls, self._unwritten[link] = self._unwritten.pop(link), 0
            self._written_at[link] = time.monotonic()
        self._write(link, calls, error)

    def trip(self, link: str, *, reason: str) -> None:
        """Open the breaker at once for all workers; what was not written yet of its calls no longer counts."""
        now = datetime.now(UTC)
        with self._lock:
            self._unwritten[link] = 0
        with transaction.atomic():
            row, _ = ToolHealth.objects.select_for_update().get_or_create(
                link=link, defaults={"window_started_at": now}
            )
            breaker = to_breaker(row).trip(now)
            row.last_error = reason
            store(row, breaker)
        self._remember(link, breaker)

    def _current(self, link: str) -> Breaker | None:
        with self._lock:
            known = self._known.get(link)
        if known is not None and time.monotonic() - known[1] < REFRESH_SECONDS:
            return known[0]
        row = ToolHealth.objects.filter(link=link).first()
        breaker = None if row is None else to_breaker(row)
        self._remember(link, breaker)
        return breaker

    def _remember(self, link: str, breaker: Breaker | None) -> None:
        with self._lock:
            self._known[link] = (breaker, time.monotonic())

    def _take_probe(self, link: str) -> bool:
        """Become the one that probes; False when another worker already does."""
        now = datetime.now(UTC)
        with transaction.atomic():
            row = ToolHealth.objects.select_for_update().get(link=link)
            breaker = to_breaker(row)
            mine = breaker.wants_probe(now)
            if mine:
                breaker = breaker.probing(now)
                store(row, breaker)
        self._remember(link, breaker)
        return mine

    def _write(self, link: str, calls: int, error: str) -> None:
        now = datetime.now(UTC)
        with transaction.atomic():
            row, _ = ToolHealth.objects.select_for_update().get_or_create(
                link=link, defaults={"window_started_at": now}
            )
            breaker = to_breaker(row)
            for _ in range(calls - 1):
                breaker = breaker.after(failed=False, now=now)
            breaker = breaker.after(failed=bool(error), now=now)
            row.last_error = error or row.last_error
            store(row, breaker)
        self._remember(link, breaker)


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


def store(row: ToolHealth, breaker: Breaker) -> None:
    """Write a breaker into its row."""
    row.state = breaker.state
    row.calls, row.failures = breaker.calls, breaker.failures
    row.window_started_at = breaker.window_started_at
    row.opened_at, row.probe_at, row.openings = breaker.opened_at, breaker.probe_at, breaker.openings
    row.last_error = plain(row.last_error)  # what the tool said, word for word
    row.save()
