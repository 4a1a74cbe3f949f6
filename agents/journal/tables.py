"""What the journal writes: the columns of each table, and its rows in that order."""

from datetime import datetime, timedelta

from agents.contracts.endings import Ending
from agents.contracts.events import Event
from agents.contracts.steps import Step
from agents.journal.gate import json_text, plain, readable, storable
from agents.journal.rows import LockedRun, NewRows
from budgets.hot_sql import Columns, stored_at
from budgets.hot_values import Row

RUN: Columns = {
    "id": "text",
    "epoch": "int",
    "next_seq": "int",
    "kill_acknowledged_at": "at",
    "turn": "int",
    "steps_count": "int",
    "errors_count": "int",
    "severity": "int",
    "cost_nanos": "int",
    "input_tokens": "int",
    "output_tokens": "int",
    "doing": "text",
    "attempts": "int",
}
ENDING: Columns = {
    "id": "text",
    "epoch": "int",
    "state": "text",
    "reason": "text",
    "answer": "text",
    "missing": "json",
    "ended_at": "at",
    "due_at": "at",
    "lease_expires_at": "at",
    "lease_owner": "text",
    "doing": "text",
    "capped_account_id": "int",
    "capped_limit_nanos": "int",
    "awaited_key": "text",
}
EVENT: Columns = {
    "run_id": "text",
    "seq": "int",
    "kind": "text",
    "at": "at",
    "turn": "int",
    "attempt": "int",
    "span_id": "text",
    "parent_span_id": "text",
    "duration_ms": "int",
    "data": "json",
}
STEP: Columns = {
    "run_id": "text",
    "number": "int",
    "turn": "int",
    "kind": "text",
    "schema_version": "int",
    "output": "json",
    "recorded_at": "at",
}
EFFECT: Columns = {
    "run_id": "text",
    "step": "int",
    "call_id": "text",
    "tool": "text",
    "tool_version": "text",
    "implementation": "text",
    "scope": "text",
    "key": "text",
    "sent_key": "text",
    "state": "text",
    "arguments": "json",
    "epoch": "int",
    "started_at": "at",
    "expires_at": "at",
}
EFFECT_END: Columns = {
    "run_id": "text",
    "key": "text",
    "state": "text",
    "implementation": "text",
    "result": "json",
    "ended_at": "at",
    "unknown_since": "at",
}
EFFECT_UNKNOWN: Columns = {"run_id": "text", "key": "text", "unknown_since": "at"}
APPROVAL: Columns = {
    "run_id": "text",
    "call_id": "text",
    "tool": "text",
    "arguments": "json",
    "arguments_hash": "text",
    "preview": "text",
    "decision": "text",
    "decided_by": "text",
    "note": "text",
    "requested_at": "at",
    "expires_at": "at",
    "people": "int",
    "role": "text",
    "rule_id": "int",
}


def run_row(run: LockedRun) -> Row:
    """What a worker's commit changes of a run."""
    return (
        run.id,
        run.epoch,
        run.next_seq,
        _at(run.kill_acknowledged_at),
        run.turn,
        run.steps_count,
        run.errors_count,
        run.severity,
        run.cost_nanos,
        run.input_tokens,
        run.output_tokens,
        run.doing[:200],
        run.attempts,
    )


def event_row(run_id: str, seq: int, event: Event) -> Row:
    """One event under its number."""
    return (
        run_id,
        seq,
        event.kind,
        stored_at(event.at),
        event.turn,
        event.attempt,
        event.span_id,
        event.parent_span_id,
        event.duration_ms,
        readable(event.data, to_text=json_text),
    )


def step_row(run_id: str, step: Step, at: datetime) -> Row:
    """One recorded step."""
    output = json_text(step.output.model_dump(mode="json"))
    return (run_id, step.number, step.turn, step.output.kind, step.schema_version, output, stored_at(at))


def effect_rows(rows: NewRows) -> list[Row]:
    """The effects that are about to leave."""
    return [
        (
            run.id,
            effect.step,
            effect.call_id,
            effect.tool,
            effect.tool_version,
            "",
            f"tenant:{run.tenant_id}" if effect.dedupe_seconds else run.id,
            effect.key,
            effect.sent_key,
            "started",
            json_text(effect.arguments),
            run.epoch,
            stored_at(at),
            stored_at(at + timedelta(seconds=effect.dedupe_seconds)) if effect.dedupe_seconds else None,
        )
        for run, effect, at in rows.effects_started
    ]


def effect_end_rows(rows: NewRows) -> list[Row]:
    """How effects came out."""
    return [
        (
            run_id,
            effect.key,
            effect.state,
            effect.implementation,
            None if effect.result is None else json_text(effect.result),
            stored_at(at),
            stored_at(at) if effect.state == "unknown" else None,
        )
        for run_id, effect, at in rows.effects_ended
    ]


def approval_rows(rows: NewRows) -> list[Row]:
    """The calls that wait for people from now on."""
    return [
        (
            run_id,
            asked.call_id,
            asked.tool,
            json_text(asked.arguments),
            asked.arguments_hash,
            plain(asked.preview),
            "",
            "",
            "",
            stored_at(at),
            stored_at(at + timedelta(seconds=asked.terms.expires_seconds)),
            asked.terms.people,
            asked.terms.role,
            asked.terms.rule_id,
        )
        for run_id, asked, at in rows.approvals
    ]


def ending_rows(rows: NewRows) -> list[Row]:
    """Runs in their new states."""
    return [
        (
            run_id,
            epoch,
            ending.state,
            plain(ending.reason),
            plain(ending.answer),
            storable(list(ending.missing)),
            stored_at(at) if ending.terminal else None,
            stored_at(at + due_after(ending)) if ending.state == "queued" else None,
            None,
            "",
            "",
            *_capped(ending),
            _awaited(ending),
        )
        for run_id, epoch, ending, at in rows.endings
    ]


def due_after(ending: Ending) -> timedelta:
    """How long a run that was handed on is left alone before the sweeper looks for a worker again."""
    seconds = ending.detail.get("due_in_seconds")
    return timedelta(seconds=seconds if isinstance(seconds, int) else 0)


def _capped(ending: Ending) -> tuple[int | None, int | None]:
    """Which account a run waits for, and the limit that was too low."""
    account_id, limit_nanos = ending.detail.get("account_id"), ending.detail.get("limit_nanos")
    if isinstance(account_id, int) and isinstance(limit_nanos, int):
        return account_id, limit_nanos
    return None, None


def _awaited(ending: Ending) -> str:
    """The key of the effect that a run waits for."""
    key = ending.detail.get("effect_key") if ending.state == "waiting_resolution" else ""
    return key if isinstance(key, str) else ""


def _at(at: datetime | None) -> str | None:
    return stored_at(at) if at else None
