"""Kill orders: one decision that stopped several runs at once, or closed a part of the house to them."""

from django.db import models
from django.db.models.functions import Now

from budgets.models import Tenant


class KillOrder(models.Model):
    """Who stopped which runs and why; what became of each is on the runs that point here.

    ``scope`` says in words which runs were meant (a filter's text, ``3 chosen runs``, a switch). ``runs_count`` is how
    many were stopped; with ``spent_nanos``, what they had cost by then.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    scope = models.CharField(max_length=300)
    actor = models.CharField(max_length=150)
    reason = models.TextField()
    requested_at = models.DateTimeField(db_default=Now())
    runs_count = models.PositiveIntegerField(default=0)
    spent_nanos = models.BigIntegerField(default=0)

    class Meta:
        indexes = (models.Index(fields=["tenant", "-requested_at"], name="kill_order_tenant"),)

    def __str__(self) -> str:
        return f"kill of {self.runs_count}: {self.scope}"
