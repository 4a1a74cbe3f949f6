"""What a run cost against what its agent usually costs, and where it became dear."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import BigIntegerField
from django.db.models.functions import Cast

from agents.models import EventRow, Run
from console.live.json_text import JsonText
from console.screens.launch.estimates import BY_THEMSELVES, LOOKED_AT, percentile

ENOUGH = 5
JUMP = 2
"""So many times the median, and a run is dear."""


@dataclass(frozen=True, slots=True)
class Usual:
    """The median in nano-USD of so many runs; with ``tenths`` the run's cost in tenths of that.

    ``row`` and ``turn`` are where its sum passed the median, for a run that became dear.
    """

    runs: int
    median_nanos: int
    tenths: int
    row: str = ""
    turn: int = 0

    @property
    def dear(self) -> bool:
        """Whether it cost a multiple of what is usual."""
        return self.tenths >= 10 * JUMP

    @property
    def times(self) -> str:
        """How many times the median: "3.4"."""
        return f"{self.tenths // 10}.{self.tenths % 10}"


def usual_of(run: Run) -> Usual | None:
    """Against the last runs of its agent in its tenant that ended by themselves; None for too few. Two queries."""
    alike = Run.objects.filter(tenant=run.tenant_id, agent_name=run.agent_name, state__in=BY_THEMSELVES)
    costs = list(alike.exclude(pk=run.pk).order_by("-pk").values_list("cost_nanos", flat=True)[:LOOKED_AT])
    found = compared(run.cost_nanos, costs)
    if found is None or not found.dear:
        return found
    row, turn = _passed(run, found.median_nanos)
    return Usual(found.runs, found.median_nanos, found.tenths, row, turn)


def compared(cost_nanos: int, costs: Sequence[int]) -> Usual | None:
    """The run's cost against the median of others; None when these are too few, or cost nothing."""
    median = percentile(costs, 50) if len(costs) >= ENOUGH else 0
    return Usual(len(costs), median, cost_nanos * 10 // median) if median else None


def _passed(run: Run, median_nanos: int) -> tuple[str, int]:
    """The row and the turn of the charge that took the run's sum over the median."""
    charges = EventRow.objects.filter(run=run, kind="charge.booked")
    summed = charges.annotate(sum=Cast(JsonText("data", "run_cost_nanos"), BigIntegerField()))
    over = summed.filter(sum__gt=median_nanos).order_by("seq").values_list("span_id", "turn").first()
    return over or ("", 0)
