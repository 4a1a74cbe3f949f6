"""What past calls would have cost at another price: the arithmetic over what was booked, and the read that feeds it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import cast

from django.db.models import F, JSONField, Q, Value

from budgets.models import Hold
from budgets.models.hold import HoldState
from budgets.prices import TOOL
from budgets.pricing import Rates, Usage, cost_nanos

MOST_CALLS = 50_000
"""The newest so many calls are counted: an answer within a second or two, whatever the history."""
RUNS_SHOWN = 5
CHUNK = 2000
VARIANTS = "rehearsal:"
"""A rehearsal told to misbehave (``rehearsal:search+loop``) has the price of the plain one."""


@dataclass(frozen=True, slots=True)
class BookedCall:
    """A call as it was charged, in nano-USD; `usage` is None where the charge was an estimate.

    `requests` is how often the fee per request was due: a tool's fee is due for each attempt.
    """

    tenant_id: int
    run_id: str
    cost_nanos: int
    usage: Usage | None
    requests: int = 1

    def at(self, usage: Usage, rates: Rates) -> int:
        """What it would have cost, in nano-USD."""
        return cost_nanos(usage, rates) + (self.requests - 1) * rates.per_request


@dataclass(slots=True)
class RunChange:
    """What one run was charged for these calls, and what it would have been, in nano-USD."""

    tenant_id: int
    run_id: str
    booked_nanos: int = 0
    recost_nanos: int = 0

    @property
    def change_nanos(self) -> int:
        """How much more the run would have cost; negative when less."""
        return self.recost_nanos - self.booked_nanos


@dataclass(frozen=True, slots=True)
class Recost:
    """Both sums in nano-USD, and the runs that change most.

    Calls that were charged by estimate are in neither sum. `is_cut`: there were more than `MOST_CALLS`, and the older
    ones are left out.
    """

    calls: int
    booked_nanos: int
    recost_nanos: int
    runs: tuple[RunChange, ...]
    estimated_calls: int
    estimated_nanos: int
    is_cut: bool

    @property
    def change_nanos(self) -> int:
        """How much more it would have been; negative when less."""
        return self.recost_nanos - self.booked_nanos


def recost(calls: Iterable[BookedCall], rates: Rates, *, most: int = MOST_CALLS) -> Recost:
    """The first `most` of these calls at other rates."""
    runs: dict[str, RunChange] = {}
    recosted = estimated_calls = estimated_nanos = 0
    is_cut = False
    for number, call in enumerate(calls):
        if number == most:
            is_cut = True
            break
        if call.usage is None:
            estimated_calls += 1
            estimated_nanos += call.cost_nanos
            continue
        recosted += 1
        run = runs.setdefault(call.run_id, RunChange(call.tenant_id, call.run_id))
        run.booked_nanos += call.cost_nanos
        run.recost_nanos += call.at(call.usage, rates)
    changed = sorted((run for run in runs.values() if run.change_nanos), key=lambda run: -abs(run.change_nanos))
    return Recost(
        calls=recosted,
        booked_nanos=sum(run.booked_nanos for run in runs.values()),
        recost_nanos=sum(run.recost_nanos for run in runs.values()),
        runs=tuple(changed[:RUNS_SHOWN]),
        estimated_calls=estimated_calls,
        estimated_nanos=estimated_nanos,
        is_cut=is_cut,
    )


def booked_calls(llm: str, *, first_run_id: str) -> Iterator[BookedCall]:
    """The settled calls that have the price of `llm`, of the runs from `first_run_id` on, newest run first.

    Run ids are ordered by time, and holds are found by run: no index of the hot path's table serves anything else.
    Reads in chunks, and at most one call more than `MOST_CALLS`.
    """
    named = Q(llm=llm)
    if llm.startswith(VARIANTS):
        named |= Q(llm__startswith=f"{llm}+")
    holds = Hold.objects.filter(named, state=HoldState.SETTLED, run_id__gte=first_run_id).order_by("-run_id")
    is_tool = llm.startswith(TOOL)
    fee = F("price__rates__per_request") if is_tool else Value(None, output_field=JSONField())
    rows = holds.values_list("tenant_id", "run_id", "settled_nanos", "usage", "unreconciled", fee)
    for tenant_id, run_id, settled, usage, unreconciled, per_request in rows[: MOST_CALLS + 1].iterator(CHUNK):
        known = None if unreconciled or usage is None else Usage(**usage)
        requests = settled // per_request if per_request else 1
        yield BookedCall(tenant_id, run_id, cast(int, settled), known, requests)
