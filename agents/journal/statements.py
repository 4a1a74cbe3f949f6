"""The recorder's explicit SQL: lock and read, then write a whole group with one statement a table."""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache

from agents.contracts.endings import Ending
from agents.contracts.events import Event
from agents.contracts.steps import Step
from agents.journal.gate import json_text, plain, readable, storable, without_secrets
from agents.journal.rows import LockedRun, NewRows, StartedEffect
from agents.models import Blob
from budgets.hot_sql import (
    Asked,
    Columns,
    ask,
    fetch,
    ids_parameter,
    insert_sql,
    lock_sql,
    one_of,
    read_at,
    stored_at,
    update_sql,
    write,
    write_all,
)
from budgets.hot_values import Row, Write

LOCKED = (
    "id, tenant_id, epoch, state, next_seq, kill_requested_at, kill_acknowledged_at, pause_requested_at, "
    "turn, steps_count, errors_count, severity, cost_nanos, input_tokens, output_tokens, doing, "
    "kill_requested_by, kill_reason, attempts"
)
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
# A key that is there already as this run's own earlier attempt, or failed, or to be made again by a person's word, or
# settled and expired, starts again. Another run's stays as it is: of two that start at once the first to commit acts,
# and the other one finds out when it looks. What may have happened before goes out under the key that it had then.
RESTARTED = (
    " WHERE TRUE ON CONFLICT (scope, key) DO UPDATE SET state = 'started', epoch = excluded.epoch, "
    "run_id = excluded.run_id, step = excluded.step, call_id = excluded.call_id, arguments = excluded.arguments, "
    "sent_key = CASE WHEN agents_effect.sent_key <> '' AND (agents_effect.state IN ('started', 'unknown') "
    "OR agents_effect.state = 'resolved' AND agents_effect.outcome = 'again') "
    "THEN agents_effect.sent_key ELSE excluded.sent_key END, implementation = '', result = NULL, "
    "started_at = excluded.started_at, ended_at = NULL, expires_at = excluded.expires_at, unknown_since = NULL, "
    "outcome = '', resolved_by = '', resolved_at = NULL, resolution_reason = '' "
    "WHERE agents_effect.run_id = excluded.run_id OR agents_effect.state = 'failed' "
    "OR agents_effect.state = 'resolved' AND agents_effect.outcome = 'again' "
    "OR agents_effect.state IN ('succeeded', 'resolved') AND agents_effect.expires_at < excluded.started_at"
)
OF_ITS_RUN = "agents_effect.run_id = new.run_id AND agents_effect.key = new.key"
ONCE = " WHERE TRUE ON CONFLICT (run_id, call_id) DO NOTHING"


def ask_runs(run_ids: Collection[str]) -> Asked:
    """Send the query that locks runs until the transaction ends, in id order."""
    return ask(lock_sql("agents_run", LOCKED, "text"), [ids_parameter(set(run_ids))])


def locked_runs(asked: Asked) -> dict[str, LockedRun]:
    """The answer to ``ask_runs``."""
    return {row[0]: LockedRun(*row[:5], *map(read_at, row[5:8]), *row[8:]) for row in asked.rows()}


def lock_runs(run_ids: Collection[str]) -> dict[str, LockedRun]:
    """Read runs and lock them until the transaction ends, in id order."""
    return locked_runs(ask_runs(run_ids))


def open_holds(run_ids: Collection[str]) -> list[tuple[str, str]]:
    """Run and hold ids of holds that are still open, for runs that end."""
    sql = f"SELECT run_id, id FROM budgets_hold WHERE state = 'open' AND {one_of('run_id', 'text')}"
    return [(row[0], row[1]) for row in fetch(sql, [ids_parameter(run_ids)])]


def started_effects(run_ids: Collection[str]) -> list[StartedEffect]:
    """What has left and of which nothing was heard yet, of these runs; the caller has locked them."""
    sql = f"SELECT run_id, key, tool, call_id FROM agents_effect WHERE state = 'started' AND {one_of('run_id', 'text')}"
    return [StartedEffect(*row) for row in fetch(sql, [ids_parameter(run_ids)])]


def with_open_approvals(run_ids: Collection[str]) -> set[str]:
    """Those of the runs that still wait for a person's decision."""
    sql = f"SELECT run_id FROM agents_approval WHERE decision = '' AND {one_of('run_id', 'text')}"
    return {row[0] for row in fetch(sql, [ids_parameter(run_ids)])}


def write_group(runs: Iterable[LockedRun], rows: NewRows) -> None:
    """Write back the runs and insert their new rows, all but the endings."""
    writes: list[Write] = [
        (_update_sql("run"), [_run(run) for run in runs if run.changed]),
        (_insert_sql("agents_eventrow", "event"), [_event(*row) for row in rows.events]),
        (_insert_sql("agents_steprow", "step"), [_step(*row) for row in rows.steps]),
        (_insert_sql("agents_effect", "effect") + RESTARTED, _effects(rows)),
        (_end_effects_sql(), _effect_ends(rows)),
        (_unknown_effects_sql(), [(run_id, key, stored_at(at)) for run_id, key, at in rows.effects_unknown]),
        (_insert_sql("agents_approval", "approval") + ONCE, _approvals(rows)),
    ]
    write_all(without_secrets(writes))


def write_endings(rows: NewRows) -> None:
    """Leave runs in their new states; a statement of its own, since it writes the run's row again."""
    write(_update_sql("ending"), _endings(rows))


def keep_blobs(blobs: Sequence[bytes]) -> None:
    """Store large outputs, each once. They are rare, and bytes do not travel in a JSON parameter."""
    rows = [
        Blob(sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content), content=content)
        for content in dict.fromkeys(blobs)
    ]
    if rows:
        Blob.objects.bulk_create(rows, ignore_conflicts=True)


def _run(run: LockedRun) -> Row:
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


def _event(run_id: str, seq: int, event: Event) -> Row:
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


def _step(run_id: str, step: Step, at: datetime) -> Row:
    output = json_text(step.output.model_dump(mode="json"))
    return (run_id, step.number, step.turn, step.output.kind, step.schema_version, output, stored_at(at))


def _effects(rows: NewRows) -> list[Row]:
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


def _effect_ends(rows: NewRows) -> list[Row]:
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


def _approvals(rows: NewRows) -> list[Row]:
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


def _endings(rows: NewRows) -> list[Row]:
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


@cache
def _insert_sql(table: str, columns: str) -> str:
    named = {"event": EVENT, "step": STEP, "effect": EFFECT, "approval": APPROVAL}
    return insert_sql(table, named[columns])


@cache
def _update_sql(columns: str) -> str:
    """An UPDATE of runs by id that compares the epoch once more."""
    named = {"run": RUN, "ending": ENDING}[columns]
    where = "agents_run.id = new.id AND agents_run.epoch = new.epoch"
    return update_sql("agents_run", named, changes=_changes(named, but=("id", "epoch")), where=where)


@cache
def _end_effects_sql() -> str:
    changes = _changes(EFFECT_END, but=("run_id", "key"))
    return update_sql("agents_effect", EFFECT_END, changes=changes, where=OF_ITS_RUN)


@cache
def _unknown_effects_sql() -> str:
    changes = "state = 'unknown', unknown_since = new.unknown_since"
    where = f"{OF_ITS_RUN} AND agents_effect.state = 'started'"
    return update_sql("agents_effect", EFFECT_UNKNOWN, changes=changes, where=where)


def _changes(columns: Columns, *, but: Collection[str]) -> str:
    return ", ".join(f"{name} = new.{name}" for name in columns if name not in but)
