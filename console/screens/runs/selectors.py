"""What the runs page reads: one page of runs, the figures above them, and the ones a person may filter by."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import overload

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Left
from django.utils import timezone

from agents.contracts.endings import TERMINAL, WAITING
from agents.models import Run
from budgets.models import Account, Tenant, Tier
from budgets.tier_settings import limits_of
from console.screens.runs.filters import filter_runs
from console.screens.runs.query import Query

PAGE_ROWS = 50
TASK_START_CHARACTERS = 160
ORDERS = {
    "": (),
    "-cost": ("-cost_nanos", "-id"),
    "cost": ("cost_nanos", "-id"),
    "-steps": ("-steps_count", "-id"),
    "steps": ("steps_count", "-id"),
    "-errors": ("-errors_count", "-id"),
    "errors": ("errors_count", "-id"),
    "-age": ("id",),
    "age": ("-id",),
}


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures above the list, of all runs of the tenant."""

    total: int
    running: int
    waiting: int
    failed_last_hour: int


@dataclass(frozen=True, slots=True)
class Today:
    """What the tenant spent since its midnight and may still come to spend, in nano-USD."""

    spent_nanos: int
    held_nanos: int
    limit_nanos: int | None


@dataclass(frozen=True, slots=True)
class RunsPage:
    """One page of matching runs, how many of all that match have not ended, and what was wrong with the filter."""

    page: "Page[Run]"
    live_count: int
    problems: list[str]


class FoundRuns(Sequence[Run]):
    """Live runs, the worst first, then the ended ones, newest first; each half along its own index.

    With ``columns``, in their order instead; how many are live is counted either way.
    """

    def __init__(self, runs: QuerySet[Run], columns: Sequence[str] = ()) -> None:
        over = Q(state__in=TERMINAL)
        self.live = runs.exclude(over).order_by("-severity", "-id")
        self.ended = runs.filter(over).order_by("-id")
        self.sorted = runs.order_by(*columns) if columns else None
        counts: dict[str, int] = runs.aggregate(live=Count("pk", filter=~over), ended=Count("pk", filter=over))
        self.live_count, self.ended_count = counts["live"], counts["ended"]

    def __len__(self) -> int:
        return self.live_count + self.ended_count

    @overload
    def __getitem__(self, index: int) -> Run: ...
    @overload
    def __getitem__(self, index: slice) -> list[Run]: ...
    def __getitem__(self, index: int | slice) -> Run | list[Run]:
        if isinstance(index, int):
            return self[index : index + 1][0]
        if self.sorted is not None:
            return list(self.sorted[index])
        start, stop, _ = index.indices(len(self))
        split = self.live_count
        found = list(self.live[min(start, split) : min(stop, split)]) if start < split else []
        return found + (list(self.ended[max(start - split, 0) : stop - split]) if stop > split else [])


def runs_page(*, tenant: Tenant, query: Query, order: str = "", number: str | int = 1) -> RunsPage:
    """The page of this number (the nearest one when it does not exist)."""
    runs, problems = filter_runs(tenant_runs(tenant), query)
    rows = FoundRuns(runs, ORDERS.get(order, ()))
    return RunsPage(Paginator(rows, PAGE_ROWS).get_page(number), rows.live_count, problems)


def tenant_runs(tenant: Tenant) -> QuerySet[Run]:
    """A tenant's runs with the surface that each row names, and how the task begins."""
    runs = Run.objects.filter(tenant=tenant).select_related("surface").defer("task", "answer", "limits")
    return runs.annotate(task_start=Left("task", TASK_START_CHARACTERS))


def summary(tenant: Tenant, *, found: int | None = None) -> Summary:
    """Counts over the live runs and the last hour, so that history does not slow the page.

    `found` is how many runs an unfiltered list has counted already.
    """
    hour_ago = timezone.now() - timedelta(hours=1)
    runs = Run.objects.filter(tenant=tenant)
    live = runs.exclude(state__in=TERMINAL).aggregate(all=Count("pk"), waiting=Count("pk", filter=Q(state__in=WAITING)))
    failed = runs.filter(ended_at__gte=hour_ago, state__in=("failed", "dead")).count()
    return Summary(
        total=runs.count() if found is None else found,
        running=live["all"] - live["waiting"],
        waiting=live["waiting"],
        failed_last_hour=failed,
    )


def spent_today(tenant: Tenant) -> Today:
    """From the account of the tenant's day; nothing spent when there is none yet."""
    account = Account.objects.for_tenant(tenant).of_scope("tenant_day").open_at(timezone.now()).first()
    if account is None:
        return Today(0, 0, limits_of(Tier.objects.for_tenant(tenant).filter(surface=None, user="")).tenant_day_nanos)
    limit_nanos = account.limit_nanos
    return Today(
        account.spent_nanos,
        account.held_nanos,
        None if limit_nanos is None else limit_nanos + account.topped_up_nanos,
    )
