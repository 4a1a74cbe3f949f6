"""An account: what one run, session, user, surface or tenant spent and holds within one window."""

from datetime import datetime
from typing import Self, cast

from django.db import models
from django.db.models import Q

from budgets.models.surface import Surface
from budgets.models.tenant import Tenant
from budgets.tiers import SCOPES, Scope


class AccountQuerySet(models.QuerySet["Account"]):
    """Filters over accounts."""

    def for_tenant(self, tenant: Tenant) -> Self:
        """The accounts of one tenant."""
        return self.filter(tenant=tenant)

    def of_scope(self, scope: Scope) -> Self:
        """The accounts of one scope."""
        return self.filter(scope=scope)

    def open_at(self, at: datetime) -> Self:
        """The accounts whose window contains the instant; those without a window always count."""
        return self.filter(Q(window_start_at=None) | Q(window_start_at__lte=at, window_end_at__gt=at))


class Account(models.Model):
    """Money in nano-USD. Written by `budgets.ledger` alone; `ledger.verify` checks it against the entries.

    `limit_nanos` is the tier's; it began as `first_limit_nanos`, and every change of it is an entry. `user` is whose
    run or session it is.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="accounts", db_index=False)
    scope = models.CharField(max_length=12, choices=[(scope, scope) for scope in SCOPES])
    # What is counted: a run's id, "<surface id>/<session>", a user, a surface's id, or nothing for a tenant.
    subject = models.CharField(max_length=240, blank=True)
    # Whose tiers set its limit: no index, since only an edit of a tier asks.
    surface = models.ForeignKey(
        Surface, on_delete=models.DO_NOTHING, null=True, related_name="+", db_index=False, db_constraint=False
    )
    user = models.CharField(max_length=200, blank=True, default="")
    window = models.CharField(max_length=10, blank=True)
    window_start_at = models.DateTimeField(null=True, blank=True)
    window_end_at = models.DateTimeField(null=True, blank=True)
    limit_nanos = models.BigIntegerField(null=True, blank=True)
    first_limit_nanos = models.BigIntegerField(null=True, blank=True)
    topped_up_nanos = models.BigIntegerField(default=0)
    spent_nanos = models.BigIntegerField(default=0)
    held_nanos = models.BigIntegerField(default=0)
    # Percentages of the limit at which people are told, such as "50,80,100"; empty where nobody is.
    thresholds = models.CharField(max_length=40, blank=True, default="")

    objects = AccountQuerySet.as_manager()

    class Meta:
        # Balances stay out of every index: PostgreSQL then updates a row in its place.
        indexes = [models.Index(fields=["tenant", "scope", "window", "id"], name="account_of_window")]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "scope", "subject", "window"], name="account_is_one"),
            models.CheckConstraint(condition=Q(scope__in=SCOPES), name="account_scope_known"),
            models.CheckConstraint(
                condition=Q(spent_nanos__gte=0, held_nanos__gte=0, topped_up_nanos__gte=0),
                name="account_balances_not_negative",
            ),
            models.CheckConstraint(condition=Q(limit_nanos__gte=0), name="account_limit_not_negative"),
        ]

    def __str__(self) -> str:
        return " ".join(part for part in (self.scope, self.subject, self.window) if part)

    @property
    def full_limit_nanos(self) -> int | None:
        """The limit with its top-ups; None without one."""
        return None if self.limit_nanos is None else self.limit_nanos + self.topped_up_nanos

    @property
    def left_nanos(self) -> int | None:
        """What may still be reserved, top-ups included; None without a limit."""
        limit_nanos = self.full_limit_nanos
        return None if limit_nanos is None else limit_nanos - self.spent_nanos - self.held_nanos

    @property
    def known_scope(self) -> Scope:
        """The scope, typed."""
        return cast(Scope, self.scope)
