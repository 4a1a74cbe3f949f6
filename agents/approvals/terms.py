"""The rules that stand for a tenant, as the engine and the pages judge by them."""

import time
from collections.abc import Sequence

from django.db.models import F, Q, QuerySet

from agents.approvals.rules import Condition, Rule, terms_for
from agents.contracts.base import JsonObject
from agents.contracts.specs import ToolSpec
from agents.engine.batch import ApprovalTerms
from agents.models import ApprovalRule

READ_AGAIN_SECONDS = 2.0


def rules_over(tenant_id: int) -> QuerySet[ApprovalRule]:
    """All that hold for a tenant, in the order in which they are asked.

    Those for all tenants come first: what the platform asks for, no tenant's own rule lets go.
    """
    of_tenant = ApprovalRule.objects.filter(Q(tenant=tenant_id) | Q(tenant=None))
    return of_tenant.order_by(F("tenant_id").asc(nulls_first=True), "position", "pk")


def standing_rules(tenant_id: int) -> list[Rule]:
    """Those that are switched on, ready to be judged."""
    return [judged(row) for row in rules_over(tenant_id).filter(active=True)]


def judged(row: ApprovalRule) -> Rule:
    """A row as a rule. Raises ValidationError for conditions that nobody can read."""
    conditions = tuple(Condition.model_validate(each) for each in row.conditions)
    return Rule(row.pk, row.tool, conditions, row.people, row.approver_role, row.expires_seconds)


class StandingRules:
    """A tenant's rules for one stretch of a run: read at its first call, and again when they are two seconds old."""

    def __init__(self, tenant_id: int) -> None:
        self._tenant_id = tenant_id
        self._rules: Sequence[Rule] = ()
        self._read_at = float("-inf")

    def terms(self, tool: ToolSpec, arguments: JsonObject) -> ApprovalTerms | None:
        """Who must say yes to this call; None when nobody need be asked."""
        if time.monotonic() - self._read_at > READ_AGAIN_SECONDS:
            self._rules, self._read_at = standing_rules(self._tenant_id), time.monotonic()
        return terms_for(tool, arguments, self._rules)
