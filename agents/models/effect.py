"""Effects: what a run did to the world, and how sure we are of it."""

from datetime import datetime
from typing import ClassVar, Literal, Self, cast

from django.db import models

from budgets.models import Tenant

State = Literal["started", "succeeded", "failed", "unknown", "resolved"]
Outcome = Literal["", "happened", "again", "given_up"]

STATES = (
    ("started", "started"),
    ("succeeded", "succeeded"),
    ("failed", "failed"),
    ("unknown", "unknown"),
    ("resolved", "resolved"),
)

OPEN: frozenset[State] = frozenset({"started", "unknown"})
"""Nobody knows yet whether it has happened."""

OUTCOMES = (
    ("", "open"),
    ("happened", "it happened"),
    ("again", "try again"),
    ("given_up", "given up"),
)


class EffectQuerySet(models.QuerySet["Effect"]):
    """Filters over effects; nothing here writes."""

    def of_tenant(self, tenant: Tenant) -> Self:
        return self.filter(run__tenant=tenant)

    def unknown(self) -> Self:
        """Of which nobody knows whether they happened, the oldest first."""
        return self.filter(state="unknown").order_by("unknown_since", "pk")


class Effect(models.Model):
    """One side effect under its idempotency key.

    ``scope`` is the run's id, or ``tenant:<id>`` for tools that dedupe across runs until ``expires_at``. What nobody
    can know (``unknown_since``) an operator resolves: ``outcome`` is their word, ``result`` then what they say it gave.
    ``sent_key`` is what the far end was told: it stays the same when another run of the tenant sends it again.
    """

    run = models.ForeignKey(
        "Run", on_delete=models.CASCADE, related_name="effects", db_index=False, db_constraint=False
    )
    step = models.PositiveIntegerField()
    call_id = models.CharField(max_length=128)
    tool = models.CharField(max_length=64)
    tool_version = models.CharField(max_length=32)
    implementation = models.CharField(max_length=64, blank=True)
    scope = models.CharField(max_length=64)
    key = models.CharField(max_length=64)
    sent_key = models.CharField(max_length=64, blank=True, default="", db_default="")
    state = models.CharField(max_length=12, choices=STATES)
    arguments = models.JSONField()
    result = models.JSONField(null=True, blank=True)
    epoch = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    unknown_since = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=OUTCOMES, blank=True, default="", db_default="")
    resolved_by = models.CharField(max_length=150, blank=True, default="", db_default="")
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolution_reason = models.TextField(blank=True, default="", db_default="")

    objects: ClassVar[models.Manager["Effect"]] = EffectQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["scope", "key"], name="effect_once"),)
        indexes = (
            models.Index(fields=["run"], name="effect_run"),
            models.Index(fields=["state"], name="effect_unknown", condition=models.Q(state="unknown")),
            # What a person resolved last.
            models.Index(fields=["resolved_at"], name="effect_resolved", condition=models.Q(resolved_at__isnull=False)),
        )

    def __str__(self) -> str:
        return f"{self.tool} {self.state}"

    @property
    def known_state(self) -> State:
        return cast(State, self.state)

    def expired(self, now: datetime) -> bool:
        """Whether other runs may make the same call anew. What is under way or unknown does not expire."""
        return self.state not in OPEN and self.expires_at is not None and self.expires_at < now

    @property
    def word(self) -> Outcome:
        """What a person said of it; "" while nobody has."""
        return cast(Outcome, self.outcome)
