"""What the runs page reads: one page of runs, and what of the tenant's live runs stands above them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.db.models.functions import Left

from agents.models import Run
from budgets.burn import Minutes, spent_by_minute_of_runs
from budgets.models import Tenant
from console.screens.run.spending import Pace
from console.screens.runs.filters import filter_runs, only_live
from console.screens.runs.found import Part, part_of, within
from console.screens.runs.live import live_of
from console.screens.runs.query import Query
from console.screens.runs.reach import reach_of
from console.screens.runs.tiers import tier_name
from console.screens.runs.urgency import LiveRun, urgency

TASK_START_CHARACTERS = 160
SHOWN = (
    *("id", "tenant_id", "agent_name", "user", "state", "severity", "reason", "doing", "surface__slug"),
    *("steps_count", "errors_count", "cost_nanos", "cap_nanos", "created_at", "started_at", "ended_at"),
    *("kill_requested_at", "kill_acknowledged_at"),
)


@dataclass(frozen=True, slots=True)
class Burning:
    """How fast a live run spends: its pace since it began, and what each of the last minutes cost."""

    pace: Pace | None
    minutes: Minutes


@dataclass(frozen=True, slots=True)
class ListedRun:
    """A run with how its task begins, and the name of the tier that its limits come from."""

    run: Run
    task_start: str
    tier: str


@dataclass(frozen=True, slots=True)
class RunsPage:
    """One page of matching runs with what they burn, those of the tenant's that are live, and faults of the filter.

    ``reach``: among how many of the newest runs it looked; None for all.
    """

    part: Part
    rows: list[ListedRun]
    burning: dict[str, Burning]
    live: list[LiveRun]
    live_matching: int
    problems: list[str]
    reach: int | None


def runs_page(
    *, tenant: Tenant, query: Query, now: datetime, order: str = "", number: int = 1, whole: bool = False
) -> RunsPage:
    """The page of this number (the nearest one when it does not exist); five queries at most.

    Live runs are all looked at; ended ones as far back as the page says, or ``whole``.
    """
    everything = Run.objects.filter(tenant=tenant)
    live = live_of(tenant)
    runs, problems = filter_runs(everything, query, live=live)
    matching = sorted(_matching(tenant, live, runs, query), key=lambda run: urgency(run, now))
    reach = None if whole else reach_of(query, order)
    looked_at = within(runs, everything, reach) if reach else runs
    part = part_of(looked_at, matching, order=order, number=number, only_live=only_live(query))
    burning = _burning(part.ids, matching, now)
    return RunsPage(part, rows_of(part.ids), burning, live, len(matching), problems, reach)


def rows_of(ids: Sequence[str]) -> list[ListedRun]:
    """The runs of these ids, in their order, with what a row of the list shows and no more."""
    start = Left("task", TASK_START_CHARACTERS)
    runs = Run.objects.filter(pk__in=ids).select_related("surface").only(*SHOWN)
    found = {
        run.pk: ListedRun(run, run.task_start, run.tier)  # type: ignore[attr-defined]  # as annotated
        for run in runs.annotate(task_start=start, tier=tier_name())
    }
    return [found[run_id] for run_id in ids if run_id in found]


def _matching(tenant: Tenant, live: list[LiveRun], runs: QuerySet[Run], query: Query) -> list[LiveRun]:
    if not query.terms and not query.problems:
        return live
    # By the ids of the live: without statistics SQLite would take the index of another term, which all runs may share;
    # and for a list of some hundred ids PostgreSQL would rather walk a whole index.
    going_on = Run.objects.filter(tenant=tenant, ended_at=None).order_by().values("pk")
    chosen = set(runs.filter(pk__in=going_on).order_by().values_list("pk", flat=True))
    return [run for run in live if run.id in chosen]


def _burning(ids: Collection[str], live: Sequence[LiveRun], now: datetime) -> dict[str, Burning]:
    shown = [run for run in live if run.id in ids]
    minutes = spent_by_minute_of_runs([run.id for run in shown], now)
    return {run.id: Burning(run.pace(now), minutes[run.id]) for run in shown}
