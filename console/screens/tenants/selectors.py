"""All tenants with what is going on in each, in a fixed number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from agents.models import Run
from budgets.models import Account, Tenant, Tier
from budgets.tier_settings import limits_of
from console.models import Membership


@dataclass(frozen=True, slots=True)
class TenantLine:
    """A tenant: its people who may sign in, its live runs, and what of today's cap (None: without one) is spent."""

    tenant: Tenant
    people: int
    live_runs: int
    spent_nanos: int
    cap_nanos: int | None


def lines_of(tenants: Sequence[Tenant], now: datetime) -> list[TenantLine]:
    """One line a tenant; four queries."""
    people = Membership.objects.filter(tenant__in=tenants, user__is_active=True)
    live = Run.objects.live().filter(tenant__in=tenants)
    counted = {
        name: dict(rows.order_by().values_list("tenant").annotate(Count("pk")))
        for name, rows in (("people", people), ("live", live))
    }
    today = Account.objects.of_scope("tenant_day").open_at(now).filter(tenant__in=tenants).order_by("window_start_at")
    accounts = {account.tenant_id: account for account in today}
    tiers = {tier.tenant_id: tier for tier in Tier.objects.filter(tenant__in=tenants, surface=None, user="")}
    return [
        TenantLine(
            tenant,
            counted["people"].get(tenant.pk, 0),
            counted["live"].get(tenant.pk, 0),
            *_today(accounts.get(tenant.pk), tiers.get(tenant.pk)),
        )
        for tenant in tenants
    ]


def _today(account: Account | None, tier: Tier | None) -> tuple[int, int | None]:
    """Before the first call of a day its cap is the tier's."""
    if account:
        return account.spent_nanos, account.full_limit_nanos
    return 0, limits_of([tier]).tenant_day_nanos if tier else None
