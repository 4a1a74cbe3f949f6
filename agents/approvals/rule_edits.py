"""The verbs on approval rules: add one, change it, move it, switch it off and on. None is ever deleted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max

from agents.approvals.rules import MOST_CONDITIONS, MOST_PEOPLE, Condition
from agents.contracts.base import JsonObject
from agents.engine.batch import ApproverRole
from agents.journal.gate import plain
from agents.models import ApprovalRule
from budgets import actions
from budgets.models import Tenant

LONGEST_SECONDS = 30 * 86_400
SHORTEST_SECONDS = 60


class RuleRefused(Exception):
    """A rule that cannot stand; the text says which part of it."""


@dataclass(frozen=True, slots=True)
class RuleText:
    """What a rule says. Raises RuleRefused when it says nothing that can be judged."""

    tool: str
    conditions: Sequence[Condition]
    people: int
    role: ApproverRole
    expires_seconds: int = 86_400
    note: str = ""

    def __post_init__(self) -> None:
        if not self.tool.strip() or len(self.tool) > 64:
            raise RuleRefused("Name a tool, or write * for all of them.")
        if not 0 <= self.people <= MOST_PEOPLE:
            raise RuleRefused(f"A rule asks for 0 to {MOST_PEOPLE} people.")
        if not SHORTEST_SECONDS <= self.expires_seconds <= LONGEST_SECONDS:
            raise RuleRefused("An approval waits between a minute and 30 days.")
        if len(self.conditions) > MOST_CONDITIONS:
            raise RuleRefused(f"A rule has at most {MOST_CONDITIONS} conditions.")

    @property
    def columns(self) -> dict[str, object]:
        """As it is stored."""
        return {
            "tool": self.tool.strip(),
            "conditions": [condition.model_dump(mode="json", by_alias=True) for condition in self.conditions],
            "people": self.people,
            "role": self.role,
            "expires_seconds": self.expires_seconds,
            "note": plain(self.note),
        }


def add_rule(*, tenant: Tenant | None, text: RuleText, actor: str, reason: str = "") -> ApprovalRule:
    """A rule behind those that there are; ``tenant`` None is for all of them."""
    with transaction.atomic():
        last = ApprovalRule.objects.filter(tenant=tenant).aggregate(last=Max("position"))["last"] or 0
        rule = ApprovalRule.objects.create(tenant=tenant, position=last + 1, made_by=actor, **text.columns)
        _note(rule, actor, "approval_rule.add", reason=reason, after=described(rule))
    return rule


def edit_rule(*, rule: ApprovalRule, text: RuleText, actor: str, reason: str = "") -> bool:
    """Change what a rule says, for calls that are asked about from now on. False when it says so already."""
    with transaction.atomic():
        present = ApprovalRule.objects.select_for_update().get(pk=rule.pk)
        before = described(present)
        for name, value in text.columns.items():
            setattr(present, name, value)
        after = described(present)
        if before == after:
            return False
        present.save()
        _note(present, actor, "approval_rule.edit", reason=reason, before=before, after=after)
    return True


def move_rule(*, rule: ApprovalRule, up: bool, actor: str) -> bool:
    """Let a rule be asked before the one above it, or behind the one below. False at the end of the list."""
    with transaction.atomic():
        own = list(ApprovalRule.objects.select_for_update().filter(tenant=rule.tenant_id).order_by("position", "pk"))
        here = next(place for place, each in enumerate(own) if each.pk == rule.pk)
        there = here - 1 if up else here + 1
        if not 0 <= there < len(own):
            return False
        own[here], own[there] = own[there], own[here]
        for position, each in enumerate(own, start=1):
            each.position = position
        ApprovalRule.objects.bulk_update(own, ["position"])
        _note(own[there], actor, "approval_rule.move", before={"position": here + 1}, after={"position": there + 1})
    return True


def switch_rule(*, rule: ApprovalRule, active: bool, actor: str) -> bool:
    """Let a rule count, or not. False when it is so already. What was asked stays asked."""
    with transaction.atomic():
        if not ApprovalRule.objects.filter(pk=rule.pk, active=not active).update(active=active):
            return False
        _note(rule, actor, "approval_rule.switch", before={"active": not active}, after={"active": active})
    return True


def described(rule: ApprovalRule) -> JsonObject:
    """What it says, as it is written down with who changed it."""
    return {
        "tool": rule.tool,
        "conditions": rule.conditions,
        "people": rule.people,
        "role": rule.role,
        "expires_seconds": rule.expires_seconds,
        "note": rule.note,
    }


def _note(
    rule: ApprovalRule,
    actor: str,
    verb: str,
    *,
    reason: str = "",
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> None:
    actions.note(
        actor=actor,
        verb=verb,
        target=f"approval rule {rule.pk} on {rule.tool}",
        tenant=rule.tenant,
        reason=plain(reason),
        before=before,
        after=after,
    )
