"""Switches: a part of the house that is closed to runs until somebody lifts it."""

from typing import Any, Literal, Self, cast

from django.db import models
from django.db.models.functions import Now

from budgets.models import Surface, Tenant

Reach = Literal["everything", "tenant", "surface", "agent", "tool"]
REACHES = (
    ("everything", "everything"),
    ("tenant", "tenant"),
    ("surface", "surface"),
    ("agent", "agent"),
    ("tool", "tool"),
)


class SwitchQuerySet(models.QuerySet["Switch"]):
    """Filters over switches."""

    def on(self) -> Self:
        """Not lifted."""
        return self.filter(lifted_at=None)


class Switch(models.Model):
    """A standing stop: kills what runs within its reach when it is set, and refuses launches there until lifted.

    ``tenant`` None reaches all tenants. ``name`` is the agent's or the tool's; an agent whose current version has
    the tool counts as using it. ``code`` is the same for two that reach the same, of which only one can be on.
    """

    reach = models.CharField(max_length=10, choices=REACHES)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    surface = models.ForeignKey(Surface, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    name = models.CharField(max_length=64, blank=True)
    code = models.CharField(max_length=200, editable=False)
    reason = models.TextField()
    set_by = models.CharField(max_length=150)
    set_at = models.DateTimeField(db_default=Now())
    lifted_by = models.CharField(max_length=150, blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)
    lift_reason = models.TextField(blank=True)
    order = models.ForeignKey("KillOrder", on_delete=models.SET_NULL, null=True, blank=True, related_name="switches")

    objects = SwitchQuerySet.as_manager()

    class Meta:
        indexes = (models.Index(fields=["reach"], name="switch_on", condition=models.Q(lifted_at=None)),)
        constraints = (
            models.UniqueConstraint(
                fields=["code"],
                condition=models.Q(lifted_at=None),
                name="switch_set_once",
            ),
        )

    def __str__(self) -> str:
        return self.words

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep ``code`` in step with what it is made of."""
        self.code = f"{self.reach}:{self.tenant_id or ''}:{self.surface_id or ''}:{self.name}"
        super().save(*args, **kwargs)

    @property
    def known_reach(self) -> Reach:
        return cast(Reach, self.reach)

    @property
    def words(self) -> str:
        """What is stopped, for people: ``agent support-triage of acme``."""
        if self.reach == "everything":
            return "everything"
        if self.reach == "tenant":
            return f"tenant {self.tenant}"
        if self.reach == "surface":
            return f"surface {self.surface}"
        return f"{self.reach} {self.name} of {self.tenant or 'all tenants'}"
