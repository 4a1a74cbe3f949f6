"""The receipt of a kill: requested, acknowledged, stopped, each only once it is so, and what came after the click."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from agents.models import EventRow, Run
from console.live.window import TraceRead
from console.screens.stops.after import ENDERS, After, after_kill
from console.screens.stops.progress import Progress, progress_of


@dataclass(frozen=True, slots=True)
class Receipt:
    """Times count from the request; ``ender`` is who ended the run, as its trace says."""

    by: str
    reason: str
    requested_at: datetime
    order_id: int | None
    progress: Progress
    after: After
    ended_as: str
    ender: str

    @property
    def ended_by(self) -> str:
        """Who ended the run, where that was not the click itself."""
        return "" if self.ender == "kill" else ENDERS.get(self.ender, "")


def receipt_of(
    run: Run, read: TraceRead, causes: Sequence[EventRow], *, has_effects: bool, now: datetime
) -> Receipt | None:
    """None when nobody asked to kill this run; else a query for its effects, and one for charges beyond the page."""
    if run.kill_requested_at is None:
        return None
    click = next((event.seq for event in causes if event.kind == "kill.requested"), 0)
    ends = [event for event in causes if event.kind == "run.ended"]
    booked_nanos = _booked(run, read, click) if click else 0
    itself = Run.objects.filter(pk=run.pk)
    return Receipt(
        by=run.kill_requested_by,
        reason=run.kill_reason,
        requested_at=run.kill_requested_at,
        order_id=run.kill_order_id,
        progress=progress_of(run, clicked_at=run.kill_requested_at, now=now),
        after=after_kill(itself, booked_nanos=booked_nanos) if has_effects else After(booked_nanos, [], []),
        ended_as=run.state if run.ended else "",
        ender=str(ends[-1].data.get("by", "")) if ends else "",
    )


def _booked(run: Run, read: TraceRead, click: int) -> int:
    """What was in flight at the click is booked behind it: the order of the trace says what, not the clocks."""
    events: Iterable[EventRow] = read.events
    if not (read.newest and click > read.after):
        events = EventRow.objects.filter(run=run, kind="charge.booked", seq__gt=click)
    costs = (event.data.get("cost_nanos") for event in events if event.kind == "charge.booked" and event.seq > click)
    return sum(cost for cost in costs if isinstance(cost, int))
