"""A budget alert: an account has reached one of its thresholds, said once in its window."""

from typing import Self

from django.db import models

from budgets.models.account import Account
from budgets.models.tenant import Tenant


class BudgetAlertQuerySet(models.QuerySet["BudgetAlert"]):
    """Filters over alerts."""

    def for_tenant(self, tenant: Tenant) -> Self:
        """The alerts of one tenant's accounts."""
        return self.filter(account__tenant=tenant)

    def unseen(self) -> Self:
        """Those that nobody has acknowledged."""
        return self.filter(seen_at=None)


class BudgetAlert(models.Model):
    """Amounts in nano-USD as they stood; an account is one window, so the constraint is "once per window"."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="alerts")
    percent = models.PositiveSmallIntegerField()
    spent_nanos = models.BigIntegerField()
    limit_nanos = models.BigIntegerField()
    fired_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True, blank=True)
    seen_by = models.CharField(max_length=200, blank=True)

    objects = BudgetAlertQuerySet.as_manager()

    class Meta:
        indexes = [
            # Every page of a tenant counts those that nobody has seen.
            models.Index(fields=["account"], condition=models.Q(seen_at=None), name="alert_unseen"),
            # Who is near a cap today is who has passed a threshold today.
            models.Index(fields=["fired_at"], name="alert_fired"),
        ]
        constraints = [models.UniqueConstraint(fields=["account", "percent"], name="alert_once_per_window")]

    def __str__(self) -> str:
        return f"{self.percent} % of {self.account}"
