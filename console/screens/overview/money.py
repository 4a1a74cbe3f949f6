"""The money of the Overview: what was spent today of the cap, how that goes on, and what is burnt by the minute."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from budgets.burn import Band, Minutes, burnt_of, last_minutes
from budgets.models import Account, Tenant, Tier
from budgets.periods import day_window, month_window, zone
from budgets.tier_settings import limits_of
from console.screens.budgets.naming import title_of
from console.screens.budgets.projection import Projection, projected

CHART_MINUTES = 60
HOUR = timedelta(hours=1)
MOST_KEPT = 1_000
kept_bands: dict[tuple[int, datetime], Band | None] = {}
"""By tenant and hour, in this process: what is normal is drawn from days that are over."""


@dataclass(frozen=True, slots=True)
class Budget:
    """A day or a month of the tenant or of a surface, in nano-USD; ``cap_nanos`` None: without one."""

    account_id: int | None
    title: str
    spent_nanos: int
    held_nanos: int
    cap_nanos: int | None
    projection: Projection | None = None
    ends_at: datetime | None = None

    @property
    def runs_over(self) -> bool:
        """Whether its cap is met before its window ends, at this pace."""
        return self.projection is not None and self.projection.full_at is not None


@dataclass(frozen=True, slots=True)
class Burn:
    """Nano-USD of each of the last 60 minutes, the last ending now, and the bands of the hour before and of this."""

    minutes: Minutes
    since: datetime
    before: Band | None
    band: Band | None

    @property
    def now_nanos(self) -> int:
        """Of the last sixty seconds."""
        return self.minutes[-1]

    @property
    def word(self) -> str:
        """How the last minutes compare: one minute alone says little."""
        if self.band is None:
            return ""
        mean = sum(self.minutes[-5:]) // 5
        return (
            "above normal"
            if mean > self.band.high_nanos
            else "below normal"
            if mean < self.band.low_nanos
            else "normal"
        )


def read_burn(
    tenant: Tenant, run_ids: Collection[str], now: datetime, *, run_minutes: int
) -> tuple[Burn, Mapping[str, Minutes]]:
    """The tenant's last hour and the last minutes of these runs; one query, which brings the bands of new hours too."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    hours = (hour - HOUR, hour)
    bands = kept_bands.copy()  # another thread may forget them meanwhile
    kept = {each: bands[tenant.pk, each] for each in hours if (tenant.pk, each) in bands}
    new = [each for each in hours if each not in kept]
    found = burnt_of(tenant.pk, run_ids, now, minutes=CHART_MINUTES, run_minutes=run_minutes, hours=new)
    _keep(tenant, found.bands)
    before, band = ({**kept, **found.bands}[each] for each in hours)
    since, _ = last_minutes(now, CHART_MINUTES)
    return Burn(found.minutes, since, before, band), found.runs


def _keep(tenant: Tenant, bands: Mapping[datetime, Band | None]) -> None:
    if len(kept_bands) > MOST_KEPT:
        kept_bands.clear()
    kept_bands.update({(tenant.pk, hour_at): band for hour_at, band in bands.items()})


def budgets_of(tenant: Tenant, now: datetime, *, tier: Mapping[str, Any]) -> list[Budget]:
    """The tenant's day, its month and its surfaces' days; one query. Before its first call the cap is the tier's."""
    tz = zone(tenant.timezone)
    day, month = day_window(now, tz), month_window(now, tz)
    wide = Q(scope__in=("tenant_day", "surface_day"), window=day.key) | Q(scope="tenant_month", window=month.key)
    accounts = Account.objects.for_tenant(tenant).filter(wide).select_related("surface", "tenant").order_by("pk")
    return budgets_from(tenant, accounts, now, tier=tier)


def budgets_from(
    tenant: Tenant, accounts: Iterable[Account], now: datetime, *, tier: Mapping[str, Any]
) -> list[Budget]:
    """The same of accounts that were read already."""
    found = {account.pk: account for account in accounts}
    own = [each for each in found.values() if each.scope == "tenant_day"]
    first = [budget_of(own[0], now)] if own else [_unspent(tenant, tier)]
    return [*first, *(budget_of(each, now) for each in found.values() if each.scope != "tenant_day")]


def budget_of(account: Account, now: datetime) -> Budget:
    """An account with where it goes."""
    start_at, end_at = account.window_start_at, account.window_end_at
    projection = None
    if start_at and end_at:
        projection = projected(
            spent_nanos=account.spent_nanos,
            held_nanos=account.held_nanos,
            cap_nanos=account.full_limit_nanos,
            start_at=start_at,
            end_at=end_at,
            now=now,
        )
    return Budget(
        account_id=account.pk,
        title=title_of(account),
        spent_nanos=account.spent_nanos,
        held_nanos=account.held_nanos,
        cap_nanos=account.full_limit_nanos,
        projection=projection,
        ends_at=end_at,
    )


def _unspent(tenant: Tenant, tier: Mapping[str, Any]) -> Budget:
    limits = limits_of([Tier(tenant=tenant, settings=dict(tier))])
    return Budget(None, f"{tenant.name}'s day", 0, 0, limits.tenant_day_nanos)


def pace_of(minutes: Sequence[int], *, over: int = 3) -> int:
    """Nano-USD a minute over the last few minutes; of a run that began within them, over those since its first call."""
    recent = list(minutes[-over:])
    while len(recent) > 1 and not recent[0] and not any(minutes[: len(minutes) - len(recent)]):
        recent.pop(0)
    return sum(recent) // len(recent) if recent else 0


def until_cap(*, cost_nanos: int, cap_nanos: int | None, pace_nanos: int) -> timedelta | None:
    """How long until the cap at this pace; None without a cap or a pace."""
    if cap_nanos is None or pace_nanos <= 0:
        return None
    return timedelta(seconds=60 * max(0, cap_nanos - cost_nanos) // pace_nanos)
