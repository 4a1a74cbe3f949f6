"""Runs: one row each, the truth about where a run stands."""

from typing import ClassVar, Self

from django.db import models
from django.db.models.functions import Now

from agents.contracts.endings import HOLDING_A_WORKER, TERMINAL, WAITING
from agents.contracts.ids import new_run_id, short_id
from budgets import clock
from budgets.models import Surface, Tenant

STATES = (
    ("queued", "queued"),
    ("running", "running"),
    ("waiting_approval", "waiting for approval"),
    ("paused", "paused"),
    ("paused_budget", "paused at the cap"),
    ("waiting_resolution", "waiting for resolution"),
    ("kill_requested", "kill requested"),
    ("completed", "completed"),
    ("flagged", "flagged"),
    ("degraded", "degraded"),
    ("failed", "failed"),
    ("refused", "refused"),
    ("killed", "killed"),
    ("dead", "dead"),
)


ORIGINS = (("launch", "launched"), ("retry", "a retry"), ("fork", "a fork"))


FOUND_BY = ("state", "severity", "agent_name", "user", "session", "launched_by", "llm")
"""Columns by which people look for runs among a hundred thousand."""


class RunQuerySet(models.QuerySet["Run"]):
    """Filters over runs; nothing here writes."""

    def of_tenant(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)

    def live(self) -> Self:
        """Not ended: queued, working or waiting."""
        return self.exclude(state__in=TERMINAL)

    def waiting(self) -> Self:
        return self.filter(state__in=WAITING)

    def lease_expired(self) -> Self:
        """Held by a worker that has not renewed in time, by the database's clock."""
        return self.filter(state__in=HOLDING_A_WORKER, lease_expires_at__lt=Now())


class Run(models.Model):
    """A run of an agent for a tenant.

    ``epoch`` fences workers: only the holder of the present epoch may write. ``next_seq`` is the number its next
    event gets. ``attempts`` counts claims since the last recorded step that were not handed back. Money and tokens here
    are copies, written in the transaction that books them, for lists; the ledger is the truth. ``severity`` is 0 calm,
    1 notice, 2 warning, 3 bad: that of its worst event.
    """

    id = models.CharField(primary_key=True, max_length=32, default=new_run_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    surface = models.ForeignKey(Surface, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey("AgentVersion", on_delete=models.PROTECT, related_name="runs")
    agent_name = models.CharField(max_length=64)
    user = models.CharField(max_length=128, blank=True)
    session = models.CharField(max_length=128, blank=True)
    task = models.TextField()
    llm = models.CharField(max_length=128)
    limits = models.JSONField(default=dict)
    # Limits that the launch asked for below its tier's; `limits` has them in it, and an edit of the tier keeps them.
    own_limits = models.JSONField(default=dict, db_default=models.Value({}, output_field=models.JSONField()))

    state = models.CharField(max_length=20, choices=STATES, default="queued")
    reason = models.TextField(blank=True)
    answer = models.TextField(blank=True)
    missing = models.JSONField(default=list, blank=True)
    doing = models.CharField(max_length=200, blank=True)

    epoch = models.PositiveIntegerField(default=0)
    lease_owner = models.CharField(max_length=128, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True)
    next_seq = models.PositiveIntegerField(default=1)

    kill_requested_at = models.DateTimeField(null=True, blank=True)
    kill_requested_by = models.CharField(max_length=150, blank=True)
    kill_reason = models.TextField(blank=True)
    kill_acknowledged_at = models.DateTimeField(null=True, blank=True)
    kill_order = models.ForeignKey("KillOrder", on_delete=models.SET_NULL, null=True, blank=True, related_name="runs")
    pause_requested_at = models.DateTimeField(null=True, blank=True)

    # A retry or a fork: the run that it was made from, the last step taken over from it, and what was changed.
    origin = models.CharField(max_length=8, choices=ORIGINS, default="launch", db_default="launch")
    parent = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="children")
    parent_step = models.PositiveIntegerField(null=True, blank=True)
    overrides = models.JSONField(default=dict, db_default=models.Value({}, output_field=models.JSONField()))

    launched_by = models.CharField(max_length=150)
    created_at = models.DateTimeField(default=clock.now, editable=False)  # launches are counted by the minute
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    turn = models.PositiveIntegerField(default=0)
    steps_count = models.PositiveIntegerField(default=0)
    errors_count = models.PositiveIntegerField(default=0)
    severity = models.PositiveSmallIntegerField(default=0)
    cost_nanos = models.BigIntegerField(default=0)
    cap_nanos = models.BigIntegerField(null=True, blank=True)
    # While the run waits for money: the account that had no room for the next call, and its limit at the time.
    capped_account_id = models.BigIntegerField(null=True, blank=True)
    capped_limit_nanos = models.BigIntegerField(null=True, blank=True)
    # While the run waits for resolution: the key of the effect that it waits for, its own or another run's.
    awaited_key = models.CharField(max_length=64, blank=True, default="", db_default="")
    input_tokens = models.BigIntegerField(default=0)
    output_tokens = models.BigIntegerField(default=0)

    objects: ClassVar[models.Manager["Run"]] = RunQuerySet.as_manager()

    class Meta:
        indexes = (
            models.Index(fields=["tenant", "-created_at"], name="run_tenant_created"),
            models.Index(
                fields=["state", "lease_expires_at"],
                name="run_live",
                condition=~models.Q(state__in=sorted(TERMINAL)),
            ),
            # Counted at each launch: what is live, and what was launched within a minute.
            models.Index(
                fields=["surface", "user"], name="run_live_surface", condition=~models.Q(state__in=sorted(TERMINAL))
            ),
            models.Index(fields=["surface", "created_at"], name="run_surface_created"),
            # The list: live runs, those that ended of late, and the newest of each kind that one can ask for. None of
            # these columns changes with every step, so that PostgreSQL still updates a row in its place.
            models.Index(fields=["tenant", "ended_at"], name="run_tenant_ended"),
            models.Index(fields=["tenant", "id"], name="run_tenant_newest"),
            *(models.Index(fields=["tenant", name, "id"], name=f"run_of_{name}") for name in FOUND_BY),
            models.Index(fields=["surface", "id"], name="run_of_surface"),
            models.Index(fields=["version", "id"], name="run_of_version"),
            # Those made from a run, which few runs have.
            models.Index(fields=["parent", "-id"], name="run_made_from", condition=models.Q(parent__isnull=False)),
        )

    def __str__(self) -> str:
        return f"{self.agent_name} {self.short}"

    @property
    def short(self) -> str:
        return short_id(self.id)

    @property
    def begins(self) -> bool:
        """Whether its worker is the first, and it was made from no other run: it has no step and no effect yet."""
        return self.epoch == 1 and self.origin == "launch"

    @property
    def ended(self) -> bool:
        return self.state in TERMINAL
