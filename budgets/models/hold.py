"""A hold: the worst case of one call, reserved before it and settled or released after it."""

from typing import Self

from django.db import models
from django.db.models import Q

from budgets.models.account import Account
from budgets.models.tenant import Tenant
from budgets.tiers import SCOPES

HOLD_ID_MAX_CHARS = 64


class HoldState(models.TextChoices):
    """A hold opens once and closes once."""

    OPEN = "open", "Open"
    SETTLED = "settled", "Settled"
    RELEASED = "released", "Released"


class HoldQuerySet(models.QuerySet["Hold"]):
    """Filters over holds."""

    def for_tenant(self, tenant: Tenant) -> Self:
        """The holds of one tenant."""
        return self.filter(tenant=tenant)

    def of_run(self, run_id: str) -> Self:
        """The holds of one run."""
        return self.filter(run_id=run_id)

    def open(self) -> Self:
        """The holds that still bind money."""
        return self.filter(state=HoldState.OPEN)


class Hold(models.Model):
    """Nano-USD; written by `budgets.ledger` alone. `usage` is normalised, `vendor_usage` as it came.

    The references are on the hot path: no index, and no constraint that the database would check for every
    row; `ledger.verify` finds a broken one.
    """

    id = models.CharField(max_length=HOLD_ID_MAX_CHARS, primary_key=True)
    tenant = models.ForeignKey(Tenant, models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False)
    run_id = models.CharField(max_length=32)
    step = models.PositiveIntegerField()
    llm = models.CharField(max_length=200)
    amount_nanos = models.BigIntegerField()
    # What the amount was sized for: the counted prompt, and the longest answer that was asked for.
    input_tokens = models.BigIntegerField(default=0)
    max_output_tokens = models.BigIntegerField(default=0)
    state = models.CharField(max_length=8, choices=HoldState.choices, default=HoldState.OPEN)
    run_account = models.ForeignKey(
        Account, models.DO_NOTHING, null=True, related_name="+", db_index=False, db_constraint=False
    )
    session_account = models.ForeignKey(
        Account, models.DO_NOTHING, null=True, related_name="+", db_index=False, db_constraint=False
    )
    user_day_account = models.ForeignKey(
        Account, models.DO_NOTHING, null=True, related_name="+", db_index=False, db_constraint=False
    )
    surface_day_account = models.ForeignKey(
        Account, models.DO_NOTHING, null=True, related_name="+", db_index=False, db_constraint=False
    )
    tenant_day_account = models.ForeignKey(
        Account, models.DO_NOTHING, null=True, related_name="+", db_index=False, db_constraint=False
    )
    tenant_month_account = models.ForeignKey(
        Account, models.DO_NOTHING, null=True, related_name="+", db_index=False, db_constraint=False
    )
    settled_nanos = models.BigIntegerField(null=True)
    usage = models.JSONField(null=True)
    vendor_usage = models.JSONField(null=True)
    price = models.JSONField(null=True)
    unreconciled = models.BooleanField(default=False)
    over_ceiling = models.BooleanField(default=False)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    objects = HoldQuerySet.as_manager()

    class Meta:
        indexes = [
            # Not db_index: on PostgreSQL that makes a second index, for LIKE, which nobody asks for.
            models.Index(fields=["run_id", "closed_at"], name="hold_of_run"),
            models.Index(fields=["opened_at"], condition=Q(state="open"), name="hold_open"),
            # What a tenant spent by the minute, read from the index alone.
            models.Index(
                fields=["tenant", "closed_at", "settled_nanos"],
                condition=Q(closed_at__isnull=False),
                name="hold_closed",
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(amount_nanos__gte=0), name="hold_amount_not_negative"),
            models.CheckConstraint(condition=Q(settled_nanos__gte=0), name="hold_settled_not_negative"),
            models.CheckConstraint(
                condition=Q(state="open", closed_at=None, settled_nanos=None)
                | Q(state="settled", closed_at__isnull=False, settled_nanos__isnull=False)
                | Q(state="released", closed_at__isnull=False, settled_nanos=None),
                name="hold_state_fits",
            ),
        ]

    def __str__(self) -> str:
        return self.id

    def account_ids(self) -> tuple[int, ...]:
        """The accounts that this hold counts against, narrow to wide."""
        found = (getattr(self, f"{scope}_account_id") for scope in SCOPES)
        return tuple(account_id for account_id in found if account_id is not None)
