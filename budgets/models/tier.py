"""A tier: what a surface, or one end user on it, may spend and do."""

from typing import Self, cast

from django.db import models
from django.db.models import Q

from budgets.models.surface import Surface
from budgets.models.tenant import Tenant
from budgets.tiers import AtCap, Limits

AMOUNTS = ("run_nanos", "session_nanos", "user_day_nanos", "surface_day_nanos")


class TierQuerySet(models.QuerySet["Tier"]):
    """Filters over tiers."""

    def for_tenant(self, tenant: Tenant) -> Self:
        """The tiers of one tenant's surfaces."""
        return self.filter(surface__tenant=tenant)

    def that_apply(self, surface: Surface, user: str) -> Self:
        """The surface's own tier and, before it, the override of this end user."""
        return self.filter(surface=surface, user__in={"", user}).order_by("-user")


class Tier(models.Model):
    """Limits in nano-USD; empty means none. `user` is empty for the surface's own tier."""

    class AtCapChoice(models.TextChoices):
        """What happens to a run whose next call does not fit."""

        STOP = "stop", "Stop the run"
        PAUSE = "pause", "Pause and ask"

    surface = models.ForeignKey(Surface, on_delete=models.CASCADE, related_name="tiers")
    user = models.CharField(max_length=200, blank=True, default="")
    run_nanos = models.BigIntegerField(null=True, blank=True)
    session_nanos = models.BigIntegerField(null=True, blank=True)
    user_day_nanos = models.BigIntegerField(null=True, blank=True)
    surface_day_nanos = models.BigIntegerField(null=True, blank=True)
    max_turns = models.PositiveIntegerField(default=40)
    max_seconds = models.PositiveIntegerField(default=900)
    parallel_runs = models.PositiveIntegerField(default=20)
    launches_per_minute = models.PositiveIntegerField(default=60)
    at_cap = models.CharField(max_length=5, choices=AtCapChoice.choices, default=AtCapChoice.STOP)

    objects = TierQuerySet.as_manager()

    class Meta:
        ordering = ["surface", "user"]
        constraints = [
            models.UniqueConstraint(fields=["surface", "user"], name="tier_per_surface_and_user"),
            *(
                models.CheckConstraint(condition=Q(**{f"{amount}__gte": 0}), name=f"tier_{amount}_not_negative")
                for amount in AMOUNTS
            ),
            models.CheckConstraint(
                condition=Q(max_turns__gte=1, max_seconds__gte=1, parallel_runs__gte=1, launches_per_minute__gte=1),
                name="tier_allows_something",
            ),
            models.CheckConstraint(condition=Q(at_cap__in=["stop", "pause"]), name="tier_at_cap_known"),
        ]

    def __str__(self) -> str:
        return f"{self.surface} / {self.user}" if self.user else str(self.surface)

    def to_limits(self) -> Limits:
        """This tier with the tenant's own limits beside it (reads the surface and its tenant)."""
        tenant = self.surface.tenant
        return Limits(
            run_nanos=self.run_nanos,
            session_nanos=self.session_nanos,
            user_day_nanos=self.user_day_nanos,
            surface_day_nanos=self.surface_day_nanos,
            tenant_day_nanos=tenant.day_limit_nanos,
            tenant_month_nanos=tenant.month_limit_nanos,
            max_turns=self.max_turns,
            max_seconds=self.max_seconds,
            parallel_runs=self.parallel_runs,
            launches_per_minute=self.launches_per_minute,
            at_cap=cast(AtCap, self.at_cap),
        )
