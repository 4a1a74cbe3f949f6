"""A surface: a place in the tenant's product where runs come from, such as its free chat."""

from typing import Self

from django.db import models

from budgets.models.tenant import Tenant


class SurfaceQuerySet(models.QuerySet["Surface"]):
    """Filters over surfaces."""

    def for_tenant(self, tenant: Tenant) -> Self:
        """The surfaces of one tenant."""
        return self.filter(tenant=tenant)


class Surface(models.Model):
    """Where runs come from; its tiers say what they may cost."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="surfaces")
    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)

    objects = SurfaceQuerySet.as_manager()

    class Meta:
        ordering = ["slug"]
        constraints = [models.UniqueConstraint(fields=["tenant", "slug"], name="surface_slug_per_tenant")]

    def __str__(self) -> str:
        return self.name
