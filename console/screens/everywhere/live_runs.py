"""The runs of several tenants that the Overviews would count, in one query, and a bounded share of each."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias, cast

from django.db.models import Count, F, QuerySet, Value, Window
from django.db.models.functions import RowNumber

from agents.models import Run
from budgets.models import Tenant
from console.screens.overview.live_runs import FAILED, HOUR, SeenRun, SeenRuns, sorted_out

MOST_OF_ONE = 500
"""Of one tenant no more that go on, and no more that failed; its counts then say "500+"."""
MOST = 5_000
"""Of all together: each tenant has its dearest runs read before any has more."""
Rows: TypeAlias = "QuerySet[Run, tuple[object, ...]]"


def seen_runs_of(tenants: Collection[Tenant], now: datetime) -> dict[int, SeenRuns]:
    """By the tenants' keys; those that have none are absent. One query."""
    runs = Run.objects.filter(tenant__in=tenants).order_by()
    live = _first_of_each(runs.filter(ended_at=None), "live")
    failed = _first_of_each(runs.filter(ended_at__gte=now - HOUR, state__in=FAILED), "failed")
    found: dict[int, list[SeenRun]] = {}
    there: dict[tuple[int, str], int] = {}
    by_place = F("place")  # of the union, which has this column though its model has not
    for tenant_id, group, _, of, *fields in live.union(failed, all=True).order_by(by_place)[:MOST]:
        found.setdefault(cast(int, tenant_id), []).append(SeenRun(*fields))  # type: ignore[arg-type]  # as selected
        there[cast(int, tenant_id), cast(str, group)] = cast(int, of)
    all_of = {tenant_id: sum(of for (each, _), of in there.items() if each == tenant_id) for tenant_id in found}
    return {
        tenant_id: replace(sorted_out(read), is_cut=len(read) < all_of[tenant_id]) for tenant_id, read in found.items()
    }


def _first_of_each(runs: "QuerySet[Run]", group: str) -> Rows:
    """The dearest of each tenant, with how many there are."""
    dearest = [F("cost_nanos").desc(), F("id").asc()]
    place = Window(RowNumber(), partition_by="tenant_id", order_by=dearest)
    of = Window(Count("*"), partition_by="tenant_id")
    numbered = runs.annotate(group=Value(group), place=place, of=of)
    fields = [name for name in SeenRun.__dataclass_fields__ if name != "agent"]
    fields.insert(1, "agent_name")
    return cast(Rows, numbered.filter(place__lte=MOST_OF_ONE).values_list("tenant_id", "group", "place", "of", *fields))
