"""The tables of approvals: what waits, what nobody knows of, what was decided, and the rules."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse

from agents.contracts.base import JsonObject
from agents.models import Approval, ApprovalRule, Effect
from console.screens import cells
from console.screens.approvals.waiting import Waiting, in_short
from console.screens.grid import Grid

NOWRAP = {"class": "nowrap"}
WAITS = 2


class QueueTable(Grid):
    """Calls that wait for a word."""

    caption = "Calls that wait for a word, the one that denies itself soonest first"
    look = "approvals-grid"
    severity_of = WAITS
    state_of = "waiting_approval"

    call = cells.cell("approvals/cells/call", "Call", NOWRAP, of="approval")
    given = cells.words("in_short", "With", cells.CLIPPED)
    amount = cells.words("amount", "Amount", cells.NUMBER)
    run = cells.run("approval__run")
    cost = cells.cell("approvals/cells/cost", "Cost of cap", {"class": "num nowrap"}, of="approval__run")
    needs = cells.cell("approvals/cells/needs", "Needs", NOWRAP)
    left = cells.cell("approvals/cells/left", "Denies itself in", cells.NUMBER_END)

    def row_id(self, record: Waiting) -> str:
        return f"v-{record.approval.pk}"

    def address_of(self, record: Waiting) -> str:
        return reverse("approvals:detail", args=[self.tenant_slug, record.approval.pk])


class UnknownTable(Grid):
    """Effects that may have happened."""

    caption = "Calls that left without anybody hearing how they came out"
    look = "approvals-grid"
    severity_of = WAITS

    tool = cells.words("tool", "What", {"class": "mono"})
    given = cells.words("arguments", "With", cells.CLIPPED)
    run = cells.cell("approvals/cells/run", "Run")
    state = cells.status("run", "State")
    since = cells.cell("approvals/cells/since", "Unknown for", cells.NUMBER, of="unknown_since")
    verbs = cells.cell("approvals/cells/say", cells.VERBS, cells.VERB_CELL)

    def render_given(self, value: JsonObject) -> str:
        return in_short(value)

    def row_id(self, record: Effect) -> str:
        return f"u-{record.pk}"

    def address_of(self, record: Effect) -> str:
        return reverse("runs:detail", args=[self.tenant_slug, record.run_id])


class DecidedTable(Grid):
    """What was said lately."""

    caption = "Calls that were decided in the last days, newest first"
    look = "approvals-grid"

    word = cells.cell("approvals/cells/word", "Word")
    call = cells.cell("approvals/cells/decided_call", "Call", NOWRAP)
    by = cells.cell("approvals/cells/by", "By")
    note = cells.words("note", "Note", cells.CLIPPED)
    run = cells.run("run")
    at = cells.ago("decided_at", td=cells.NUMBER_END)

    def address_of(self, record: Approval) -> str:
        return reverse("approvals:detail", args=[self.tenant_slug, record.pk])


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule in words, and what this person may do to it."""

    rule: ApprovalRule
    conditions: Sequence[str]
    may_edit: bool
    is_first: bool
    is_last: bool


class RulesTable(Grid):
    """In the order in which they are asked."""

    caption = "Rules, in the order in which they are asked"
    look = "approvals-grid rules-grid"

    tool = cells.cell("approvals/cells/rule_tool", "Tool", {"class": "mono nowrap"}, of="rule")
    when = cells.cell("approvals/cells/rule_when", "When", cells.WIDE)
    who = cells.cell("approvals/cells/rule_who", "Who must say yes", of="rule")
    waits = cells.cell("approvals/cells/rule_waits", "Waits", NOWRAP, of="rule__waits")
    note = cells.words("rule__note", "Why", {"class": "dim", "data-phone": "wide"})
    by = cells.cell("approvals/cells/rule_by", "Made by", NOWRAP, of="rule__made_by")
    verbs = cells.cell("approvals/cells/rule_verbs", cells.VERBS, {"class": "verb-cell", "data-phone": "end"})

    def row_id(self, record: RuleLine) -> str:
        return f"rule-{record.rule.pk}"

    def state_of(self, record: RuleLine) -> str | None:
        return None if record.rule.active else "off"
