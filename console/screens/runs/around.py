"""What stands around the list: the figures above it, and the views a person may choose; one query."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from django.db.models import BigIntegerField, Count, DateTimeField, Exists, FilteredRelation, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from agents.contracts.base import JsonObject
from agents.models import Run
from budgets.models import Tenant, Tier
from budgets.tier_settings import limits_of
from console.models import DefaultView, User
from console.screens.prepared import TENANT, Given, Prepared, prepared
from console.screens.runs.found import MOST_COUNTED
from console.screens.unindexed import text_of

HOUR = timedelta(hours=1)
USER = Given("user", BigIntegerField())
NOW, HOUR_AGO = Given("now", DateTimeField()), Given("hour_ago", DateTimeField())


@dataclass(frozen=True, slots=True)
class Today:
    """What the tenant spent since its midnight and may still come to spend, in nano-USD."""

    spent_nanos: int
    held_nanos: int
    limit_nanos: int | None


@dataclass(frozen=True, slots=True)
class Saved:
    """A view that somebody saved: its name, what it shows, whose it is, and whether one's list opens with it."""

    id: int
    name: str
    query: str
    order: str
    shared: bool
    own: bool
    default: bool


@dataclass(frozen=True, slots=True)
class Around:
    """``failed_last_hour`` is counted no further than one over MOST_COUNTED."""

    failed_last_hour: int
    today: Today
    saved: list[Saved]


def around(tenant: Tenant, user: User, now: datetime) -> Around:
    """The runs that failed within the hour, the money of the tenant's day, and the saved views that the person sees."""
    found = _statement().ask(tenant=tenant.pk, user=user.pk, now=now, hour_ago=now - HOUR)
    failed, settings, *day = found[0][:7]
    # Where a tenant's zone was moved, two days may be open: the older one, as everywhere.
    views = [_saved(row[7:], user) for row in found if row[7] is not None and row[2] == day[0]]
    return Around(failed, _today(tenant, day, settings or {}), views)


@cache
def _statement() -> Prepared:
    own_tier = Tier.objects.filter(tenant=TENANT, surface=None, user="").order_by().values("settings")[:1]
    rows = (
        Tenant.objects.filter(pk=TENANT)
        .annotate(day=FilteredRelation("accounts", condition=_of_day()))
        .annotate(view=FilteredRelation("saved_views", condition=_seen()))
        .values_list(
            _failed(),
            Subquery(own_tier),
            *(f"day__{name}" for name in ("id", "spent_nanos", "held_nanos", "limit_nanos", "topped_up_nanos")),
            *(f"view__{name}" for name in ("id", "name", "query", "order", "shared", "owner_id")),
            Exists(DefaultView.objects.filter(view=OuterRef("view__id"), user=USER)),
        )
        .order_by("day__id", "view__name", "view__id")
    )
    return prepared(rows)


def _of_day() -> Q:
    is_open = Q(accounts__window_start_at__lte=NOW, accounts__window_end_at__gt=NOW)
    return Q(accounts__scope="tenant_day") & (Q(accounts__window_start_at=None) | is_open)


def _today(tenant: Tenant, day: Sequence[int | None], settings: JsonObject) -> Today:
    account_id, spent, held, limit_nanos, topped_up = day
    if account_id is None:
        return Today(0, 0, limits_of([Tier(tenant=tenant, settings=settings)]).tenant_day_nanos)
    return Today(spent or 0, held or 0, None if limit_nanos is None else limit_nanos + (topped_up or 0))


def _seen() -> Q:
    return Q(saved_views__owner_id=USER) | Q(saved_views__shared=True)


def _saved(row: tuple[int, str, str, str, bool, int, bool], user: User) -> Saved:
    view_id, name, query, order, shared, owner_id, default = row
    return Saved(view_id, name, query, order, shared, owner_id == user.pk, default)


def _failed() -> Coalesce:
    """Counted to the bound: one statement within another."""
    ended = Run.objects.filter(tenant=TENANT, ended_at__gte=HOUR_AGO)
    failed = ended.alias(its_state=text_of("state")).filter(its_state__in=("failed", "dead"))
    few = failed.order_by().values("pk")[: MOST_COUNTED + 1]
    counted = Run.objects.filter(pk__in=few).order_by().values("tenant").annotate(counted=Count("pk"))
    return Coalesce(Subquery(counted.values("counted")), 0)
