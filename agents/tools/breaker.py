"""A circuit breaker as arithmetic: closed until too many of enough calls fail, open for a while, then one probe.

A link that opens again soon stays open longer, so that one which fails half of its calls costs few of them; it opens
below one half, since a coin would else keep a link closed for long that fails every other call.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

State = Literal["closed", "open", "half_open"]
Forced = Literal["", "open", "closed", "only"]

WINDOW = timedelta(seconds=60)
MINIMUM_CALLS = 5
FAILURE_RATE = 0.4
OPEN_FOR = timedelta(seconds=30)
LONGEST_OPEN = timedelta(seconds=120)
PROBE_PATIENCE = timedelta(seconds=60)  # a probe whose worker died must not keep the door shut for ever


@dataclass(frozen=True, slots=True)
class Breaker:
    """The health of one link at one moment. ``openings`` counts since the last window that it passed closed."""

    state: State
    forced: Forced
    calls: int
    failures: int
    window_started_at: datetime
    opened_at: datetime | None = None
    probe_at: datetime | None = None
    openings: int = 0

    @property
    def open_for(self) -> timedelta:
        """How long it stays open this time."""
        return min(LONGEST_OPEN, OPEN_FOR * (1 << min(max(self.openings - 1, 0), 8)))

    @property
    def probe_due_at(self) -> datetime | None:
        """When somebody may probe it; None while it is closed."""
        if self.state == "closed" or self.opened_at is None:
            return None
        if self.state == "open":
            return self.opened_at + self.open_for
        return self.opened_at if self.probe_at is None else self.probe_at + PROBE_PATIENCE

    def wants_probe(self, now: datetime) -> bool:
        """Open long enough, and nobody is probing."""
        due = self.probe_due_at
        return due is not None and now >= due

    def probing(self, now: datetime) -> "Breaker":
        """Half-open, with one probe under way."""
        return replace(self, state="half_open", probe_at=now)

    @property
    def tripped(self) -> bool:
        """Opened at once by what one call did, not by a share of failures."""
        return self.state != "closed" and self.failures == 0

    def trip(self, now: datetime) -> "Breaker":
        """Open, whatever was counted before."""
        return replace(self, calls=0, failures=0)._opened(now)

    def after(self, *, failed: bool, now: datetime) -> "Breaker":
        """The breaker after one more call; one that was under way when it opened changes nothing."""
        if self.state == "half_open":
            return self._opened(now) if failed else self._closed(now)
        if self.state == "open":
            return self
        fresh = now - self.window_started_at >= WINDOW
        calls = (0 if fresh else self.calls) + 1
        failures = (0 if fresh else self.failures) + failed
        started = now if fresh else self.window_started_at
        openings = 0 if fresh and self.calls >= MINIMUM_CALLS else self.openings
        counted = replace(self, calls=calls, failures=failures, window_started_at=started, openings=openings)
        if calls >= MINIMUM_CALLS and failures / calls >= FAILURE_RATE:
            return counted._opened(now)
        return counted

    def _opened(self, now: datetime) -> "Breaker":
        return replace(self, state="open", opened_at=now, probe_at=None, openings=self.openings + 1)

    def _closed(self, now: datetime) -> "Breaker":
        return Breaker("closed", self.forced, 0, 0, now, openings=self.openings)
