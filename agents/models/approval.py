"""Approvals: dangerous calls that wait for a person."""

from typing import Literal, cast

from django.db import models
from django.db.models.functions import Now

from agents.engine.batch import ApprovalTerms, ApproverRole
from budgets.models import Tenant

Outcome = Literal["open", "approved", "denied", "expired"]

ROLES = (("operator", "operator"), ("approver", "approver"), ("admin", "admin"))
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
    # What a person made of the arguments; the call goes out with these, under a key of their own.
    edited_arguments = models.JSONField(null=True, blank=True)
    edited_hash = models.CharField(max_length=64, blank=True, db_default="")
    # Who must say yes: so many people who may do as much as this role.
    people = models.PositiveSmallIntegerField(default=1, db_default=1)
    role = models.CharField(max_length=10, default="approver", db_default="approver")
    rule = models.ForeignKey("ApprovalRule", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["run", "call_id"], name="approval_once_a_call"),)
        indexes = (
            # What waits, the most urgent first; and what was said of the like.
            models.Index(fields=["decision", "expires_at"], name="approval_waiting"),
            models.Index(fields=["tool", "-requested_at"], name="approval_tool"),
            # What was decided last.
            models.Index(fields=["decided_at"], name="approval_decided", condition=models.Q(decided_at__isnull=False)),
        )

    def __str__(self) -> str:
        return f"{self.tool} {self.decision or 'open'}"

    @property
    def outcome(self) -> Outcome:
        return cast(Outcome, self.decision or "open")

    @property
    def current_hash(self) -> str:
        """The key of the arguments as they stand: a person's where one has changed them."""
        return self.edited_hash if self.edited_arguments is not None else self.arguments_hash

    @property
    def terms(self) -> ApprovalTerms:
        """Who must say yes."""
        return ApprovalTerms(self.people, cast(ApproverRole, self.role), self.rule_id)


class ApprovalVote(models.Model):
    """One person's yes or no to an approval; a no decides at once, a yes counts for the arguments of that hash."""

    approval = models.ForeignKey(Approval, on_delete=models.CASCADE, related_name="votes")
    by = models.CharField(max_length=150)
    approve = models.BooleanField()
    arguments_hash = models.CharField(max_length=64)
    note = models.TextField(blank=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (models.UniqueConstraint(fields=["approval", "by"], name="approval_vote_once"),)

    def __str__(self) -> str:
        return f"{self.by} {'yes' if self.approve else 'no'}"


class ApprovalLook(models.Model):
    """Who had an approval open when."""

    approval = models.ForeignKey(Approval, on_delete=models.CASCADE, related_name="looks")
    by = models.CharField(max_length=150)
    seen_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (models.UniqueConstraint(fields=["approval", "by"], name="approval_look_once"),)

    def __str__(self) -> str:
        return self.by


class ApprovalRule(models.Model):
    """When a call needs people, and which; the first active one that fits decides, by ``position``.

    ``tenant`` None holds for all tenants. ``tool`` may hold ``*``. ``conditions`` all have to hold; each is
    {"argument": JSON Pointer, "is": operator, "value": JSON}. ``people`` 0 lets the call go without asking.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    position = models.PositiveIntegerField()
    tool = models.CharField(max_length=64)
    conditions = models.JSONField(default=list, blank=True)
    people = models.PositiveSmallIntegerField(default=1)
    role = models.CharField(max_length=10, choices=ROLES, default="approver")
    expires_seconds = models.PositiveIntegerField(default=86_400)
    note = models.TextField(blank=True)
    active = models.BooleanField(default=True)
    made_by = models.CharField(max_length=150)
    made_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.tool}: {self.people} {self.role}"

    @property
    def waits(self) -> str:
        """How long a call waits under it, in the largest whole unit."""
        for seconds, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
            if self.expires_seconds % seconds == 0:
                return f"{self.expires_seconds // seconds}{unit}"
        return f"{self.expires_seconds}s"

    @property
    def approver_role(self) -> ApproverRole:
        return cast(ApproverRole, self.role)
