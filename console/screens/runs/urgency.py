"""Which live runs want a look first, and which burn or are stuck. Pure: figures of a run and the time in, words out."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from agents.contracts.endings import HOLDING_A_WORKER, WAITING
from console.screens.run.spending import NEAR, Pace, pace

NEARLY_SPENT_PERCENT = 80
"""So much of its cap spent, a working run burns however slowly it goes on."""

FAST_WITHOUT_CAP_NANOS = 250_000_000
"""Nano-USD a minute from which a run burns that no cap will stop."""

SILENT_TOO_LONG = timedelta(minutes=3)
"""A working run that has written no event for so long is stuck; the slowest LLM calls take two."""

QUEUED_TOO_LONG = timedelta(minutes=1)

FAR_AWAY = timedelta.max


@dataclass(frozen=True, slots=True)
class LiveRun:
    """What the order of live runs is made from; ``heard_at`` is its last event, or its launch."""

    id: str
    state: str
    severity: int
    cost_nanos: int
    cap_nanos: int | None
    started_at: datetime
    heard_at: datetime
    launched_by: str = ""

    @property
    def waits(self) -> bool:
        """Until a person or money lets it go on; it spends nothing meanwhile."""
        return self.state in WAITING

    def pace(self, now: datetime) -> Pace | None:
        """How fast it spends; None while it waits for its worker or a person, and while there is nothing to go by."""
        if self.state not in HOLDING_A_WORKER:
            return None
        return pace(cost_nanos=self.cost_nanos, cap_nanos=self.cap_nanos, started_at=self.started_at, now=now)


def urgency(run: LiveRun, now: datetime) -> tuple[int, timedelta, int]:
    """Sorts the most urgent first: the worst, then who meets its cap soonest, then the newest; never two alike."""
    found = run.pace(now)
    left = FAR_AWAY if found is None or found.until_cap is None else found.until_cap
    return -run.severity, left, -int(run.id, 16)


def burns(run: LiveRun, now: datetime) -> bool:
    """Whether it meets its cap within ten minutes at its pace, has nearly spent it, or spends fast without one."""
    found = run.pace(now)
    if found is None:
        return False
    if run.cap_nanos is None or found.until_cap is None:
        return found.nanos_per_minute >= FAST_WITHOUT_CAP_NANOS
    return found.until_cap <= NEAR or run.cost_nanos * 100 >= run.cap_nanos * NEARLY_SPENT_PERCENT


def is_stuck(run: LiveRun, now: datetime) -> bool:
    """Whether it should have been heard of since: at work without an event, or in the queue, for too long."""
    silence = now - run.heard_at
    if run.state == "queued":
        return silence > QUEUED_TOO_LONG
    return run.state in HOLDING_A_WORKER and silence > SILENT_TOO_LONG
