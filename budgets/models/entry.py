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
    LAPSE = "lapse", "Top-up expired"
    LIMIT = "limit", "Limit changed"


class LedgerEntryQuerySet(AppendOnlyQuerySet["LedgerEntry"]):
    """Filters over entries."""

    def of_account(self, account: Account) -> Self:
        """What changed the limit of one account: top-ups, their lapses, edited tiers."""
        return self.filter(account=account)


class LedgerEntry(AppendOnly):
    """Nano-USD. A hold's entry counts for each of the hold's accounts; the others name their own.

    A lapse takes back what its top-up (`reverses`) left unused when it expired. A limit entry says which limit
    (`limit_nanos`, None for none) an edited tier gave the account.
    """

    hold = models.ForeignKey(
        Hold,
        on_delete=models.DO_NOTHING,
        null=True,
        db_index=False,
        db_constraint=False,
        related_name="entries",
    )
    account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="entries", db_index=False)
    kind = models.CharField(max_length=7, choices=EntryKind.choices)
    held_delta_nanos = models.BigIntegerField(default=0)
    spent_delta_nanos = models.BigIntegerField(default=0)
    limit_delta_nanos = models.BigIntegerField(default=0)
    limit_nanos = models.BigIntegerField(null=True)
    reverses = models.ForeignKey(
        "self", models.DO_NOTHING, null=True, related_name="reversed_by", db_index=False, db_constraint=False
    )
    expires_at = models.DateTimeField(null=True)
    at = models.DateTimeField()
    reason = models.CharField(max_length=500, blank=True)
    actor = models.CharField(max_length=200, blank=True)

    objects = LedgerEntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "ledger entries"
        indexes = [
            models.Index(fields=["account"], condition=Q(account__isnull=False), name="entry_of_account"),
            models.Index(fields=["expires_at"], condition=Q(expires_at__isnull=False), name="entry_expires"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["hold", "kind"], name="entry_kind_once_per_hold"),
            models.UniqueConstraint(
                fields=["reverses"], condition=Q(reverses__isnull=False), name="entry_reversed_once"
            ),
            models.CheckConstraint(
                condition=Q(kind="top_up", hold=None, account__isnull=False, limit_delta_nanos__gt=0)
                | Q(kind="lapse", hold=None, account__isnull=False, limit_delta_nanos__lte=0, reverses__isnull=False)
                | Q(kind="limit", hold=None, account__isnull=False, limit_delta_nanos=0)
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
