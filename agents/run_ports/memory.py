"""The engine's Memory on rows."""

from agents.approvals.expiry import expire
from agents.approvals.terms import StandingRules
from agents.contracts.base import JsonObject
from agents.contracts.specs import ToolSpec
from agents.engine.batch import ApprovalTerms, Batch
from agents.engine.ports import Decision, KnownEffect
from agents.models import Approval, Blob, Effect, Run
from budgets import clock

MOST_KEYS = 2_000
"""Effects that are known without a look at the database; a run that has made more looks each time."""


class RunMemory:
    """The engine's Memory: what this run and its tenant left in rows."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._rules = StandingRules(run.tenant_id)
        # What is asked in this stretch ends it: only an earlier one can have left an answer.
        self._asked = set(run.approvals.values_list("call_id", flat=True)) if run.epoch > 1 else frozenset()
        self._own_keys = set() if run.begins else set(run.effects.values_list("key", flat=True)[: MOST_KEYS + 1])

    def effect(self, key: str, *, dedupe_seconds: int) -> KnownEffect | None:
        if not dedupe_seconds and key not in self._own_keys and len(self._own_keys) <= MOST_KEYS:
            return None
        scope = f"tenant:{self._run.tenant_id}" if dedupe_seconds else self._run.id
        row = Effect.objects.filter(scope=scope, key=key).first()
        if row is None or (row.run_id != self._run.id and row.expired(clock.now())):
            row = self._taken_over(key)
        if row is None:
            return None
        value = row.result.get("value") if isinstance(row.result, dict) else None
        return KnownEffect(row.known_state, value, row.call_id, row.run_id, row.word, row.sent_key)

    def _taken_over(self, key: str) -> Effect | None:
        """What the steps of its parent did stays done for a fork, however long ago it was."""
        return Effect.objects.filter(scope=self._run.id, key=key).first() if self._run.parent_id else None

    def note(self, batch: Batch) -> None:
        """Remember which effects this stretch has started, so that only a repeated one is looked up."""
        if len(self._own_keys) <= MOST_KEYS:
            self._own_keys.update(effect.key for effect in batch.effects_started)

    def decision(self, call_id: str) -> Decision | None:
        row = self._approval(call_id)
        if row is not None and not row.decision and row.expires_at <= clock.now():
            expire(row)
            row = self._approval(call_id)
        if row is None:
            return None
        made = row.edited_arguments
        return Decision(row.outcome, row.arguments_hash, row.decided_by, row.note, made, row.edited_hash)

    def _approval(self, call_id: str) -> Approval | None:
        return Approval.objects.filter(run=self._run, call_id=call_id).first() if call_id in self._asked else None

    def approval_terms(self, tool: ToolSpec, arguments: JsonObject) -> ApprovalTerms | None:
        return self._rules.terms(tool, arguments)

    def read_blob(self, handle: str) -> str | None:
        if not self._run.steps.filter(output__source=handle).exists():
            return None
        blob = Blob.objects.filter(pk=handle).first()
        return None if blob is None else bytes(blob.content).decode("utf-8", "replace")
