"""A verification: what a recomputation of the whole ledger found, and when."""

from django.db import models

from budgets.models.append_only import AppendOnly


class Verification(AppendOnly):
    """Nano-USD. `mismatch` is empty when every balance is the sum of its entries.

    `overshoot_nanos` is the most by which an admitted hold ever stood above the limit of one of its accounts: 0, or
    the ledger is broken. `overbilled_nanos` is the most that a vendor ever billed above the hold of its call.
    """

    at = models.DateTimeField()
    took_ms = models.PositiveIntegerField()
    accounts = models.PositiveBigIntegerField()
    holds = models.PositiveBigIntegerField()
    entries = models.PositiveBigIntegerField()
    mismatch = models.TextField(blank=True)
    overshoot_nanos = models.BigIntegerField(default=0)
    overbilled_nanos = models.BigIntegerField(default=0)
    asked_by = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"verification of {self.at:%Y-%m-%d %H:%M}"
