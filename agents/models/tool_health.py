"""Health of each implementation and LLM, shared by all workers: as it is, how it changed, what each minute counted."""

from typing import cast

from django.db import models
from django.db.models.functions import Now

from agents.tools.breaker import Forced, State
from budgets.models import Tenant

STATES = (("closed", "closed"), ("open", "open"), ("half_open", "half open"))
TROUBLES = (("failed", "failed"), ("slow", "too slow"), ("passed_over", "passed over"), ("degraded", "degraded"))
FORCED = (("", "not forced"), ("open", "forced open"), ("closed", "forced closed"), ("only", "only this one"))


class ToolHealth(models.Model):
    """The circuit breaker of one link of a chain; ``link`` is ``tool/implementation`` or ``llm/<reference>``.

    ``slow_after_ms`` is an operator's limit in place of the link's own; 0: never slow. ``openings`` counts how often it
    opened since a calm window.
    """

    link = models.CharField(max_length=200, unique=True)
    state = models.CharField(max_length=10, choices=STATES, default="closed")
    forced = models.CharField(max_length=10, choices=FORCED, blank=True)
    forced_by = models.CharField(max_length=150, blank=True, db_default="")
    forced_at = models.DateTimeField(null=True, blank=True)
    forced_reason = models.TextField(blank=True, db_default="")
    probe_asked_at = models.DateTimeField(null=True, blank=True)
    slow_after_ms = models.PositiveIntegerField(null=True, blank=True)
    calls = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    window_started_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True, blank=True)
    probe_at = models.DateTimeField(null=True, blank=True)
    openings = models.PositiveSmallIntegerField(default=0, db_default=0)
    last_error = models.TextField(blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.link} {self.state}"

    @property
    def known_state(self) -> State:
        return cast(State, self.state)

    @property
    def known_forced(self) -> Forced:
        return cast(Forced, self.forced)


class HealthChange(models.Model):
    """A link's breaker changed, by what was counted or by a person's word.

    ``error`` may quote what a tool said to the run of one tenant: only that ``tenant`` may read it.
    """

    link = models.CharField(max_length=200)
    at = models.DateTimeField(db_default=Now())
    was = models.CharField(max_length=20)
    now = models.CharField(max_length=20)
    why = models.CharField(max_length=200)
    by = models.CharField(max_length=150, blank=True)
    error = models.TextField(blank=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    run_id = models.CharField(max_length=32, blank=True)

    class Meta:
        indexes = (models.Index(fields=["link", "-at"], name="health_change_of_link"),)

    def __str__(self) -> str:
        return f"{self.link} {self.was} -> {self.now}"


class LinkMinute(models.Model):
    """What all workers counted of a link in one minute. ``spread`` is {upper bound of the duration in ms: calls}."""

    link = models.CharField(max_length=200)
    minute_at = models.DateTimeField()
    calls = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    slow = models.PositiveIntegerField(default=0)
    duration_ms = models.PositiveBigIntegerField(default=0)
    spread = models.JSONField(default=dict)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["link", "minute_at"], name="link_minute_once"),)

    def __str__(self) -> str:
        return f"{self.link} {self.minute_at:%H:%M}"


class LinkTrouble(models.Model):
    """What a link's trouble did to one run: the only rows from which runs affected are counted.

    ``failed``: an attempt failed, ``slow``: it was too slow, though used; ``passed_over``: its breaker was open;
    ``degraded``: nothing else served, and the run went on without the tool. ``cost_nanos`` was paid for nothing.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    run_id = models.CharField(max_length=32)
    link = models.CharField(max_length=200)
    what = models.CharField(max_length=12, choices=TROUBLES)
    cost_nanos = models.BigIntegerField(default=0)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = (
            models.Index(fields=["tenant", "link", "-at"], name="trouble_of_link"),
            models.Index(fields=["at"], name="trouble_at"),
        )

    def __str__(self) -> str:
        return f"{self.run_id} {self.link} {self.what}"


class ToolNote(models.Model):
    """What an operator wants the next one to know of a tool."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    tool = models.CharField(max_length=64)
    text = models.TextField()
    by = models.CharField(max_length=150)
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.tool}: {self.text[:40]}"
