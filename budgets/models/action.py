"""Actions: what operators did, one row each, never edited."""

from typing import Self

from django.db import models
from django.db.models.functions import Now

from budgets.models.append_only import AppendOnly, AppendOnlyQuerySet
from budgets.models.tenant import Tenant


class ActionQuerySet(AppendOnlyQuerySet["Action"]):
    """Filters over actions."""

    def for_tenant(self, tenant: Tenant) -> Self:
        """What was done within one tenant."""
        return self.filter(tenant=tenant)

    def on_run(self, run_id: str) -> Self:
        """What was done to one run."""
        return self.filter(run_id=run_id)


class Action(AppendOnly):
    """Who did what, when, why and from where; written by ``budgets.actions.note`` in the transaction of the act.

    ``verb`` is a word such as ``run.kill``, ``target`` names what it was done to (``run 01a2…``, ``tier acme/chat``).
    ``before`` and ``after`` carry what has changed and nothing else. ``via`` is the page or the command.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    run_id = models.CharField(max_length=32, blank=True, db_default="")
    at = models.DateTimeField(db_default=Now())
    actor = models.CharField(max_length=150)
    verb = models.CharField(max_length=40)
    target = models.CharField(max_length=300)
    reason = models.TextField(blank=True, db_default="")
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    via = models.CharField(max_length=120, blank=True, db_default="")

    objects = ActionQuerySet.as_manager()

    class Meta:
        indexes = (
            models.Index(fields=["tenant", "-id"], name="action_tenant"),
            models.Index(fields=["run_id", "id"], name="action_run", condition=~models.Q(run_id="")),
        )

    def __str__(self) -> str:
        return f"{self.actor} {self.verb} {self.target}"
