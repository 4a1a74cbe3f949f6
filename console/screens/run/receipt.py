"""The receipt of a kill: requested, acknowledged, stopped, each only once it is so."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from agents.models import EventRow, Run


@dataclass(frozen=True, slots=True)
class Receipt:
    """Milliseconds count from the request; None: not yet. ``nanos_after`` was booked after it, in nano-USD."""

    by: str
    reason: str
    requested_at: datetime
    acknowledged_ms: int | None
    stopped_ms: int | None
    nanos_after: int
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
        nanos_after=_booked_after_request(run),
        ended_as=run.state if run.ended else "",
    )


def _booked_after_request(run: Run) -> int:
    """What was in flight at the click is booked behind it: the trace's order says what, not the clocks."""
    events = EventRow.objects.filter(run=run)
    asked = events.filter(kind="kill.requested").order_by("-seq").values_list("seq", flat=True).first()
    later = events.filter(seq__gt=asked, kind="charge.booked") if asked is not None else events.none()
    costs = (event.data.get("cost_nanos") for event in later)
    return sum(cost for cost in costs if isinstance(cost, int))


def _after(start: datetime, moment: datetime | None) -> int | None:
    return None if moment is None else max(0, (moment - start) // timedelta(milliseconds=1))
