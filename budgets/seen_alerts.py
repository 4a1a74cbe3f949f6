"""The verbs by which a person says that alerts have been seen; the first one to say so is kept."""

from datetime import datetime

from django.db import transaction

from budgets import actions, clock
from budgets.models import BudgetAlert, Tenant
from budgets.models.alert import BudgetAlertQuerySet


def see(*, alert: BudgetAlert, actor: str, at: datetime | None = None) -> int:
    """Acknowledges an alert and the lower ones of its account; returns how many were unseen."""
    lower = BudgetAlert.objects.filter(account=alert.account_id, percent__lte=alert.percent)
    return _see(lower, alert.account.tenant, f"alert at {alert.percent} %", actor, at)


def see_all(*, tenant: Tenant, up_to: int, actor: str, at: datetime | None = None) -> int:
    """Acknowledges a tenant's alerts up to the newest one that the person had before them, by its id."""
    known = BudgetAlert.objects.for_tenant(tenant).filter(pk__lte=up_to)
    return _see(known, tenant, "all alerts", actor, at)


def _see(alerts: BudgetAlertQuerySet, tenant: Tenant, target: str, actor: str, at: datetime | None) -> int:
    with transaction.atomic():
        seen = alerts.unseen().update(seen_at=at or clock.now(), seen_by=actor)
        if seen:
            actions.note(actor=actor, verb="alert.see", target=target, tenant=tenant, after={"alerts": seen})
    return seen
