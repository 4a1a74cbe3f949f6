"""The receipt of a kill: requested, acknowledged, stopped, each only once it is so. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from agents.models import Run


@dataclass(frozen=True, slots=True)
class Receipt:
    """Milliseconds count from the request; None: not yet."""

    by: str
    reason: str
    requested_at: datetime
    acknowledged_ms: int | None
    stopped_ms: int | None
    ended_as: str


def receipt_of(run: Run) -> Receipt | None:
    """None when nobody asked to kill this run."""
    if run.kill_requested_at is None:
        return None
    return Receipt(
        by=run.kill_requested_by,
        reason=run.kill_reason,
        requested_at=run.kill_requested_at,
        acknowledged_ms=_after(run.kill_requested_at, run.kill_acknowledged_at),
        stopped_ms=_after(run.kill_requested_at, run.ended_at),
        ended_as=run.state if run.ended else "",
    )


def _after(start: datetime, moment: datetime | None) -> int | None:
    return None if moment is None else max(0, (moment - start) // timedelta(milliseconds=1))
