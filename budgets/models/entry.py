"""A ledger entry: one movement of money, written once; every balance is the sum of its entries."""

from typing import Self

from django.db import models
from django.db.models import Q

from budgets.models.account import Account
from budgets.models.append_only import AppendOnly, AppendOnlyQuerySet
from budgets.models.hold import Hold


class EntryKind(models.TextChoices):
    """What moved money."""

    RESERVE = "reserve", "Reserved"
    SETTLE = "settle", "Settled"
    RELEASE = "release", "Released"
    TOP_UP = "top_up", "Topped up"


class LedgerEntryQuerySet(AppendOnlyQuerySet["LedgerEntry"]):
    """Filters over entries."""

    def of_account(self, account: Account) -> Self:
        """The top-ups of one account."""
        return self.filter(account=account)


class LedgerEntry(AppendOnly):
    """Nano-USD. A hold's entry counts for each of the hold's accounts; a top-up names its own."""

    hold = models.ForeignKey(
        Hold,
        on_delete=models.DO_NOTHING,
        null=True,
        db_index=False,
        db_constraint=False,
        related_name="entries",
    )
    account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="top_ups", db_index=False)
    kind = models.CharField(max_length=7, choices=EntryKind.choices)
    held_delta_nanos = models.BigIntegerField(default=0)
    spent_delta_nanos = models.BigIntegerField(default=0)
    limit_delta_nanos = models.BigIntegerField(default=0)
    at = models.DateTimeField()
    reason = models.CharField(max_length=500, blank=True)
    actor = models.CharField(max_length=200, blank=True)

    objects = LedgerEntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "ledger entries"
        indexes = [models.Index(fields=["account"], condition=Q(kind="top_up"), name="entry_top_up")]
        constraints = [
            models.UniqueConstraint(fields=["hold", "kind"], name="entry_kind_once_per_hold"),
            models.CheckConstraint(
                condition=Q(kind="top_up", hold=None, account__isnull=False, limit_delta_nanos__gt=0)
                | Q(
                    kind__in=["reserve", "settle", "release"],
                    hold__isnull=False,
                    account=None,
                    limit_delta_nanos=0,
                ),
                name="entry_kind_fits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.hold_id or self.account_id}"
