"""Thresholds that were passed and that nobody has acknowledged: for the strip of the page and the navigation."""

from collections.abc import Collection, Iterable

from django.db.models import Case, IntegerField, Value, When

from budgets.models import BudgetAlert, Tenant
from budgets.tiers import SCOPES

MOST = 50
"""More than a person would read; the count then says "50+"."""
MOST_OF_SEVERAL = 1_000

_WIDEST_FIRST = Case(
    *(When(account__scope=scope, then=Value(-rank)) for rank, scope in enumerate(SCOPES)),
    output_field=IntegerField(),
)


def unseen_alerts(tenant: Tenant) -> list[BudgetAlert]:
    """The highest unseen alert of each account, the tenant's own first, then the newest; one query."""
    alerts = BudgetAlert.objects.for_tenant(tenant).unseen().select_related("account__tenant", "account__surface")
    return _highest(alerts.order_by(_WIDEST_FIRST, "-fired_at", "-percent")[: 2 * MOST])[:MOST]


def unseen_alerts_of(tenants: Collection[Tenant]) -> dict[int, list[BudgetAlert]]:
    """The same of several tenants, by their keys; one query, and of very many alerts the widest and newest."""
    unseen = BudgetAlert.objects.filter(account__tenant__in=tenants).unseen()
    alerts = unseen.select_related("account__tenant", "account__surface")
    found: dict[int, list[BudgetAlert]] = {}
    for alert in _highest(alerts.order_by(_WIDEST_FIRST, "-fired_at", "-percent")[:MOST_OF_SEVERAL]):
        found.setdefault(alert.account.tenant_id, []).append(alert)
    return {tenant_id: of_one[:MOST] for tenant_id, of_one in found.items()}


def _highest(alerts: Iterable[BudgetAlert]) -> list[BudgetAlert]:
    """Of each account one, in the order of its first."""
    highest: dict[int, BudgetAlert] = {}
    for alert in alerts:
        known = highest.setdefault(alert.account_id, alert)
        if alert.percent > known.percent:
            highest[alert.account_id] = alert
    return list(highest.values())


def count_words(alerts: list[BudgetAlert]) -> str:
    """How many, as the navigation shows it; nothing for none."""
    return f"{MOST}+" if len(alerts) == MOST else str(len(alerts) or "")
