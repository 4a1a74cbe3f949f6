"""Approvals: dangerous calls that wait for a person."""

from typing import Literal, cast

from django.db import models

Outcome = Literal["open", "approved", "denied", "expired"]

DECISIONS = (("", "open"), ("approved", "approved"), ("denied", "denied"), ("expired", "expired"))


class Approval(models.Model):
    """A person's word on one call with exactly these arguments; used once."""

    run = models.ForeignKey("Run", on_delete=models.CASCADE, related_name="approvals")
    call_id = models.CharField(max_length=128)
    tool = models.CharField(max_length=64)
    arguments = models.JSONField()
    arguments_hash = models.CharField(max_length=64)
    preview = models.TextField(blank=True)
    decision = models.CharField(max_length=10, choices=DECISIONS, blank=True)
    decided_by = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField(blank=True)
    requested_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["run", "call_id"], name="approval_once_a_call"),)

    def __str__(self) -> str:
        return f"{self.tool} {self.decision or 'open'}"

    @property
    def outcome(self) -> Outcome:
        return cast(Outcome, self.decision or "open")
