"""A circuit breaker as arithmetic: closed until too many of enough calls fail, open for a while, then one probe."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

State = Literal["closed", "open", "half_open"]
Forced = Literal["", "open", "closed", "only"]

WINDOW = timedelta(seconds=60)
MINIMUM_CALLS = 5
FAILURE_RATE = 0.5
OPEN_FOR = timedelta(seconds=30)
PROBE_PATIENCE = timedelta(seconds=60)  # a probe whose worker died must not keep the door shut for ever


@dataclass(frozen=True, slots=True)
class Breaker:
    """The health of one link at one moment."""

    state: State
    forced: Forced
    calls: int
    failures: int
    window_started_at: datetime
    opened_at: datetime | None = None
    probe_at: datetime | None = None

    def wants_probe(self, now: datetime) -> bool:
        """Open long enough, and nobody is probing."""
        if self.state == "open":
            return self.opened_at is not None and now - self.opened_at >= OPEN_FOR
        return self.state == "half_open" and (self.probe_at is None or now - self.probe_at >= PROBE_PATIENCE)

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
        counted = replace(self, calls=calls, failures=failures, window_started_at=started)
        if calls >= MINIMUM_CALLS and failures / calls >= FAILURE_RATE:
            return counted._opened(now)
        return counted

    def _opened(self, now: datetime) -> "Breaker":
        return replace(self, state="open", opened_at=now, probe_at=None)

    def _closed(self, now: datetime) -> "Breaker":
        return Breaker("closed", self.forced, 0, 0, now)
