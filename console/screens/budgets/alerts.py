"""Thresholds that were passed and that nobody has acknowledged: for the strip of the page and the navigation."""

from django.db.models import Case, IntegerField, Value, When

from budgets.models import BudgetAlert, Tenant
from budgets.tiers import SCOPES

MOST = 50
"""More than a person would read; the count then says "50+"."""

_WIDEST_FIRST = Case(
    *(When(account__scope=scope, then=Value(-rank)) for rank, scope in enumerate(SCOPES)),
    output_field=IntegerField(),
)


def unseen_alerts(tenant: Tenant) -> list[BudgetAlert]:
    """The highest unseen alert of each account, the tenant's own first, then the newest; one query."""
    alerts = BudgetAlert.objects.for_tenant(tenant).unseen().select_related("account__tenant", "account__surface")
    highest: dict[int, BudgetAlert] = {}
    for alert in alerts.order_by(_WIDEST_FIRST, "-fired_at", "-percent")[: 2 * MOST]:
        known = highest.setdefault(alert.account_id, alert)
        if alert.percent > known.percent:
            highest[alert.account_id] = alert
    return list(highest.values())[:MOST]


def count_words(alerts: list[BudgetAlert]) -> str:
    """How many, as the navigation shows it; nothing for none."""
    return f"{MOST}+" if len(alerts) == MOST else str(len(alerts) or "")
