"""The verbs by which a person says that alerts have been seen; the first one to say so is kept."""

from datetime import datetime

from budgets import clock
from budgets.models import BudgetAlert, Tenant


def see(*, alert: BudgetAlert, actor: str, at: datetime | None = None) -> int:
    """Acknowledges an alert and the lower ones of its account; returns how many were unseen."""
    lower = BudgetAlert.objects.filter(account=alert.account_id, percent__lte=alert.percent)
    return lower.unseen().update(seen_at=at or clock.now(), seen_by=actor)


def see_all(*, tenant: Tenant, up_to: int, actor: str, at: datetime | None = None) -> int:
    """Acknowledges a tenant's alerts up to the newest one that the person had before them, by its id."""
    known = BudgetAlert.objects.for_tenant(tenant).filter(pk__lte=up_to)
    return known.unseen().update(seen_at=at or clock.now(), seen_by=actor)
