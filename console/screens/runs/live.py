"""Reads the live runs among some runs, in one query and only what their order is made from."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from agents.models import EventRow, Run
from budgets.models import Tenant
from console.screens.prepared import TENANT, Prepared, prepared
from console.screens.runs.urgency import LiveRun, burns, is_stuck
from console.screens.unindexed import number_of

MOST_LIVE = 2_000
"""More live runs than this are not put in order: the worst of them are, and the page says "2,000+"."""

VIEWS: dict[str, Callable[[LiveRun, datetime], bool]] = {"burning": burns, "stuck": is_stuck}


def live_of(tenant: Tenant) -> list[LiveRun]:
    """Those of a tenant that have not ended, at most MOST_LIVE of them, the worst and newest first."""
    return [LiveRun(*row) for row in _live_of_a_tenant().ask(tenant=tenant.pk)]


def live_among(runs: QuerySet[Run]) -> list[LiveRun]:
    """The same of ``runs``."""
    return [LiveRun(*row) for row in _live(runs)]


@cache
def _live_of_a_tenant() -> Prepared:
    return prepared(_live(Run.objects.filter(tenant=TENANT)))


def _live(runs: QuerySet[Run]) -> "QuerySet[Run, tuple[Any, ...]]":
    # The last event has the number before the next one: one look into the primary key a run.
    last = EventRow.objects.filter(run=OuterRef("pk"), seq=OuterRef("next_seq") - 1).values("at")[:1]
    rows = (
        runs.filter(ended_at=None)
        .annotate(worst=number_of("severity"))
        .order_by("-worst", "-pk")
        .annotate(began=Coalesce(F("started_at"), F("created_at")), heard=Coalesce(Subquery(last), F("created_at")))
        .values_list("pk", "state", "severity", "cost_nanos", "cap_nanos", "began", "heard", "launched_by")
    )
    return rows[:MOST_LIVE]


def in_view(runs: Iterable[LiveRun], names: Iterable[str], now: datetime | None = None) -> list[LiveRun]:
    """Those that burn, or are stuck, or either; by the names of VIEWS."""
    at = now or timezone.now()
    tests = [VIEWS[name] for name in names]
    return [run for run in runs if any(test(run, at) for test in tests)]
