"""What stands around the list: the figures above it, and the views a person may choose; one query."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, FilteredRelation, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from agents.contracts.base import JsonObject
from agents.models import Run
from budgets.models import Tenant, Tier
from budgets.tier_settings import limits_of
from console.models import DefaultView, User
from console.screens.runs.found import MOST_COUNTED
from console.screens.unindexed import text_of

HOUR = timedelta(hours=1)


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
    own_tier = Tier.objects.for_tenant(tenant).filter(surface=None, user="").order_by().values("settings")[:1]
    rows = (
        Tenant.objects.filter(pk=tenant.pk)
        .annotate(day=FilteredRelation("accounts", condition=_of_day(now)))
        .annotate(view=FilteredRelation("saved_views", condition=_seen_by(user)))
        .values_list(
            _failed(tenant, now),
            Subquery(own_tier),
            *(f"day__{name}" for name in ("id", "spent_nanos", "held_nanos", "limit_nanos", "topped_up_nanos")),
            *(f"view__{name}" for name in ("id", "name", "query", "order", "shared", "owner_id")),
            Exists(DefaultView.objects.filter(view=OuterRef("view__id"), user=user)),
        )
        .order_by("day__id", "view__name", "view__id")
    )
    found = list(rows)
    failed, settings, *day = found[0][:7]
    # Where a tenant's zone was moved, two days may be open: the older one, as everywhere.
    views = [_saved(row[7:], user) for row in found if row[7] is not None and row[2] == day[0]]
    return Around(failed, _today(tenant, day, settings or {}), views)


def _of_day(now: datetime) -> Q:
    is_open = Q(accounts__window_start_at__lte=now, accounts__window_end_at__gt=now)
    return Q(accounts__scope="tenant_day") & (Q(accounts__window_start_at=None) | is_open)


def _today(tenant: Tenant, day: Sequence[int | None], settings: JsonObject) -> Today:
    account_id, spent, held, limit_nanos, topped_up = day
    if account_id is None:
        return Today(0, 0, limits_of([Tier(tenant=tenant, settings=settings)]).tenant_day_nanos)
    return Today(spent or 0, held or 0, None if limit_nanos is None else limit_nanos + (topped_up or 0))


def _seen_by(user: User) -> Q:
    return Q(saved_views__owner_id=user.pk) | Q(saved_views__shared=True)


def _saved(row: tuple[int, str, str, str, bool, int, bool], user: User) -> Saved:
    view_id, name, query, order, shared, owner_id, default = row
    return Saved(view_id, name, query, order, shared, owner_id == user.pk, default)


def _failed(tenant: Tenant, now: datetime) -> Coalesce:
    """Counted to the bound: one statement within another."""
    ended = Run.objects.filter(tenant=tenant, ended_at__gte=now - HOUR)
    failed = ended.alias(its_state=text_of("state")).filter(its_state__in=("failed", "dead"))
    few = failed.order_by().values("pk")[: MOST_COUNTED + 1]
    counted = Run.objects.filter(pk__in=few).order_by().values("tenant").annotate(counted=Count("pk"))
    return Coalesce(Subquery(counted.values("counted")), 0)
