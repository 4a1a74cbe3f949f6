"""How far a killed run has come, and why it has not stopped when it has not: each word only once it is so."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from agents.contracts.endings import TERMINAL
from agents.kills import DEAF_AFTER

MILLISECOND = timedelta(milliseconds=1)


class KilledRun(Protocol):
    """What of a run says how its kill stands."""

    state: str
    lease_expires_at: datetime | None
    kill_acknowledged_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Progress:
    """Milliseconds count from the click; None: not yet. ``why`` says what an unfinished kill waits for."""

    acknowledged_ms: int | None
    stopped_ms: int | None
    why: str = ""
    lease_expires_at: datetime | None = None
    deaf: bool = False

    @property
    def stopped(self) -> bool:
        return self.stopped_ms is not None


def progress_of(run: KilledRun, *, clicked_at: datetime, now: datetime) -> Progress:
    """Where the kill of this run stands."""
    acknowledged_ms, stopped_ms = _after(clicked_at, run.kill_acknowledged_at), _after(clicked_at, run.ended_at)
    if run.state in TERMINAL:
        return Progress(acknowledged_ms, stopped_ms)
    deaf = now - clicked_at >= DEAF_AFTER
    lease = run.lease_expires_at
    if lease is not None and lease <= now:
        why = "Its worker is gone; the next sweep ends it, within five seconds."
        return Progress(acknowledged_ms, None, why, deaf=deaf)
    if acknowledged_ms is not None:
        return Progress(acknowledged_ms, None, "Its worker has heard it and is putting things away.", lease, deaf)
    why = "Its worker does not answer." if deaf else "Its worker was told and has not answered yet."
    return Progress(None, None, why, lease, deaf)


def percentile(sorted_ms: list[int], percent: int) -> int | None:
    """The least value that so many percent of them do not exceed; None of none."""
    if not sorted_ms:
        return None
    return sorted_ms[min(len(sorted_ms), -(-len(sorted_ms) * percent // 100)) - 1]


def _after(start: datetime, moment: datetime | None) -> int | None:
    return None if moment is None else max(0, (moment - start) // MILLISECOND)
