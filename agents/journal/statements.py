"""The recorder's explicit SQL: lock and read, then write a whole group with one statement a table."""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from functools import cache

from agents.journal.gate import without_secrets
from agents.journal.rows import LockedRun, NewRows, StartedEffect
from agents.journal.tables import (
    APPROVAL,
    EFFECT,
    EFFECT_END,
    EFFECT_UNKNOWN,
    ENDING,
    EVENT,
    RUN,
    STEP,
    approval_rows,
    effect_end_rows,
    effect_rows,
    ending_rows,
    event_row,
    run_row,
    step_row,
)
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
from budgets.hot_values import Write

LOCKED = (
    "id, tenant_id, epoch, state, next_seq, kill_requested_at, kill_acknowledged_at, pause_requested_at, "
    "turn, steps_count, errors_count, severity, cost_nanos, input_tokens, output_tokens, doing, "
    "kill_requested_by, kill_reason, attempts"
)
"""As `LockedRun` has them."""
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
        (_update_sql("run"), [run_row(run) for run in runs if run.changed]),
        (_insert_sql("agents_eventrow", "event"), [event_row(*row) for row in rows.events]),
        (_insert_sql("agents_steprow", "step"), [step_row(*row) for row in rows.steps]),
        (_insert_sql("agents_effect", "effect") + RESTARTED, effect_rows(rows)),
        (_end_effects_sql(), effect_end_rows(rows)),
        (_unknown_effects_sql(), [(run_id, key, stored_at(at)) for run_id, key, at in rows.effects_unknown]),
        (_insert_sql("agents_approval", "approval") + ONCE, approval_rows(rows)),
    ]
    write_all(without_secrets(writes))


def write_endings(rows: NewRows) -> None:
    """Leave runs in their new states; a statement of its own, since it writes the run's row again."""
    write(_update_sql("ending"), ending_rows(rows))


def keep_blobs(blobs: Sequence[bytes]) -> None:
    """Store large outputs, each once. They are rare, and bytes do not travel in a JSON parameter."""
    rows = [
        Blob(sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content), content=content)
        for content in dict.fromkeys(blobs)
    ]
    if rows:
        Blob.objects.bulk_create(rows, ignore_conflicts=True)


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
