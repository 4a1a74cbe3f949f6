"""A verification: what a recomputation of the whole ledger found, and when; and the requests for one."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models

from budgets.models.append_only import AppendOnly

PATIENCE = timedelta(minutes=15)
"""A request that has not ended by then was lost with its worker."""


class Verification(AppendOnly):
    """Nano-USD. `mismatch` is empty when every balance is the sum of its entries and no limit was ever passed.

    `overshoot_nanos` is the most by which an admitted hold ever stood above the limit of one of its accounts: 0, or
    the ledger is broken. `overbilled_nanos` is the most that a vendor ever billed above the hold of its call.
    `of_tenants` has the same for each tenant, by its id.
    """

    at = models.DateTimeField()
    took_ms = models.PositiveIntegerField()
    accounts = models.PositiveBigIntegerField()
    holds = models.PositiveBigIntegerField()
    entries = models.PositiveBigIntegerField()
    mismatch = models.TextField(blank=True)
    overshoot_nanos = models.BigIntegerField(default=0)
    overbilled_nanos = models.BigIntegerField(default=0)
    of_tenants = models.JSONField(default=dict)
    asked_by = models.CharField(max_length=200, blank=True)

    class Meta:
        get_latest_by = "pk"

    def __str__(self) -> str:
        return f"verification of {self.at:%Y-%m-%d %H:%M}"


class VerificationRequestQuerySet(models.QuerySet["VerificationRequest"]):
    """Filters over requests."""

    def waiting(self, at: datetime) -> Self:
        """Those whose answer may still come."""
        return self.filter(ended_at=None, asked_at__gt=at - PATIENCE)


class VerificationRequest(models.Model):
    """Somebody wants the ledger verified now; `stage` says how far it is, once a worker has taken it."""

    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=200)
    stage = models.CharField(max_length=60, blank=True, default="")
    ended_at = models.DateTimeField(null=True)

    objects = VerificationRequestQuerySet.as_manager()

    def __str__(self) -> str:
        return f"request of {self.asked_at:%Y-%m-%d %H:%M}"
