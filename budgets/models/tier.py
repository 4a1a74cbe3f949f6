"""A tier: what a tenant, one of its surfaces, or one end user may spend and do, and every edit of that."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from budgets.models.surface import Surface
from budgets.models.tenant import Tenant
from budgets.tier_settings import Level, TierSettings

USER_MAX_CHARS = 200


class TierQuerySet(models.QuerySet["Tier"]):
    """Filters over tiers."""

    def for_tenant(self, tenant: Tenant) -> Self:
        """Every tier of one tenant: its own, its surfaces' and its users'."""
        return self.filter(tenant=tenant)

    def covering(self, tenant_id: int, surface_id: int, user: str) -> Self:
        """All that say something about this end user (may be empty) on this surface."""
        return self.filter(
            Q(surface=None) | Q(surface_id=surface_id), tenant_id=tenant_id, user__in={"", user}
        ).order_by("pk")


class Tier(models.Model):
    """`settings` is what its standing edits add up to; written by `budgets.tier_edits` alone.

    Without `surface` it is the tenant's or, with `user`, that of one end user everywhere.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="tiers")
    surface = models.ForeignKey(Surface, on_delete=models.CASCADE, null=True, blank=True, related_name="tiers")
    user = models.CharField(max_length=USER_MAX_CHARS, blank=True, default="")
    settings = models.JSONField(default=dict)
    changed_at = models.DateTimeField(default=now)

    objects = TierQuerySet.as_manager()

    class Meta:
        ordering = ["tenant", "surface", "user"]
        constraints = [
            models.UniqueConstraint(
                fields=["surface", "user"], condition=Q(surface__isnull=False), name="tier_per_surface_and_user"
            ),
            models.UniqueConstraint(
                fields=["tenant", "user"], condition=Q(surface=None), name="tier_per_tenant_and_user"
            ),
        ]

    def __str__(self) -> str:
        place = str(self.surface) if self.surface else str(self.tenant)
        return f"{place} / {self.user}" if self.user else place

    @property
    def level(self) -> Level:
        """How specific it is."""
        if self.surface_id is None:
            return "user" if self.user else "tenant"
        return "surface_user" if self.user else "surface"

    @property
    def own(self) -> TierSettings:
        """What it sets itself; raises `SettingRefused` when the row was written by something else than us."""
        return TierSettings.read(self.settings)


class TierEditQuerySet(models.QuerySet["TierEdit"]):
    """Filters over edits."""

    def for_tenant(self, tenant: Tenant) -> Self:
        """The edits of one tenant's tiers."""
        return self.filter(tier__tenant=tenant)

    def standing(self) -> Self:
        """Those that still count, oldest first: a later one goes before an earlier one."""
        return self.filter(lapsed_at=None).order_by("pk")


class TierEdit(models.Model):
    """One edit: what it sets, what stood there before, who, why and from where. Only its lapse is added later.

    A field in `unset` is inherited from then on. An edit lapses when it is undone or when its time is over; what
    earlier edits had set then counts again.
    """

    tier = models.ForeignKey(Tier, on_delete=models.CASCADE, related_name="edits")
    changes = models.JSONField(default=dict)
    unset = models.JSONField(default=list)
    before = models.JSONField(default=dict)
    reason = models.CharField(max_length=500)
    made_by = models.CharField(max_length=200)
    made_from = models.CharField(max_length=40)
    made_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField(null=True, blank=True)
    lapsed_at = models.DateTimeField(null=True, blank=True)
    lapsed_by = models.CharField(max_length=200, blank=True)

    objects = TierEditQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["expires_at"], condition=Q(lapsed_at=None, expires_at__isnull=False), name="edit_expires"
            )
        ]

    def __str__(self) -> str:
        return f"edit {self.pk} of tier {self.tier_id}"
