"""What came after the click on kill: money that was booked, effects that were under way, and who ended the run."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from agents.models import Effect, EventRow, Run
from console.screens.stops.hits import Part, most_first

ENDERS = {
    "worker": "its worker",
    "kill": "the click: no worker held it",
    "sweeper": "the sweep: its worker was gone",
    "force": "an operator, without its worker",
}


@dataclass(frozen=True, slots=True)
class After:
    """Nano-USD booked; effects that came to an end after the click, and those of which nobody knows yet."""

    nanos: int
    finished: Sequence[Part]
    open: Sequence[Part]


def after_kill(runs: QuerySet[Run], *, booked_nanos: int | None = None) -> After:
    """Of runs that were killed, all together; two queries, one when it is known what was booked."""
    finished: list[str] = []
    unsure: list[str] = []
    under_way = Effect.objects.filter(run__in=runs.values("pk"), run__kill_requested_at__isnull=False)
    under_way = under_way.filter(Q(ended_at__gt=F("run__kill_requested_at")) | Q(state__in=("started", "unknown")))
    for tool, state in under_way.values_list("tool", "state"):
        (unsure if state in ("started", "unknown") else finished).append(tool)
    booked = booked_after(runs) if booked_nanos is None else booked_nanos
    return After(booked, most_first(finished), most_first(unsure))


def booked_after(runs: QuerySet[Run]) -> int:
    """What was in flight at the click is booked behind it: the order of each trace says what, not the clocks."""
    asked = EventRow.objects.filter(run=OuterRef("run"), kind="kill.requested").order_by("-seq").values("seq")[:1]
    later = EventRow.objects.filter(run__in=runs.values("pk"), kind="charge.booked", seq__gt=Subquery(asked))
    costs = (data.get("cost_nanos") for data in later.values_list("data", flat=True))
    return sum(cost for cost in costs if isinstance(cost, int))


def enders_of(runs: QuerySet[Run]) -> dict[str, str]:
    """Who ended each of the runs that have ended, as the last event of its trace says; one query."""
    last = EventRow.objects.filter(run__in=runs.values("pk"), kind="run.ended", seq=F("run__next_seq") - 1)
    return {run_id: str(data.get("by", "")) for run_id, data in last.values_list("run_id", "data")}
