"""The receipt of a kill: requested, acknowledged, stopped, each only once it is so, and what came after the click."""

from dataclasses import dataclass
from datetime import datetime

from agents.models import Run
from console.screens.stops.after import ENDERS, After, after_kill, enders_of
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


def receipt_of(run: Run, *, now: datetime) -> Receipt | None:
    """None when nobody asked to kill this run; else three queries."""
    if run.kill_requested_at is None:
        return None
    itself = Run.objects.filter(pk=run.pk)
    return Receipt(
        by=run.kill_requested_by,
        reason=run.kill_reason,
        requested_at=run.kill_requested_at,
        order_id=run.kill_order_id,
        progress=progress_of(run, clicked_at=run.kill_requested_at, now=now),
        after=after_kill(itself),
        ended_as=run.state if run.ended else "",
        ender=enders_of(itself).get(run.pk, "") if run.ended else "",
    )
