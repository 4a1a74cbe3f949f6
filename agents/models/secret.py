"""Secrets of tools and vendors: only their ciphertext is in the database."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from budgets.models import Tenant


class Secret(models.Model):
    """A named value that nobody reads again; a tenant's own one goes before that of all tenants (``tenant`` None)."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    name = models.CharField(max_length=64)
    ciphertext = models.TextField()
    set_by = models.CharField(max_length=150)
    set_at = models.DateTimeField(db_default=Now())
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["tenant", "name"], name="secret_of_tenant_once"),
            models.UniqueConstraint(fields=["name"], name="secret_of_all_once", condition=Q(tenant=None)),
        )

    def __str__(self) -> str:
        return self.name
