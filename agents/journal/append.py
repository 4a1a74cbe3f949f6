"""Events that are not a worker's: what operators do to a run, and what the sweeper finds."""

from collections.abc import Iterable

from django.db import transaction

from agents.contracts.endings import TERMINAL, Ending
from agents.contracts.events import Event
from agents.engine.ports import LostLease
from agents.event_log import tell_after_commit
from agents.journal import statements
from agents.journal.decide import add_events, apply_ending
from agents.journal.left_open import charge_left_open, leave_unknown
from agents.journal.rows import LockedRun, NewRows
from budgets import clock


def append(run_id: str, events: Iterable[Event]) -> LockedRun:
    """Add events to a run's trace inside the caller's transaction, under the run's lock. Raises KeyError."""
    rows = NewRows()
    run = statements.lock_runs([run_id])[run_id]
    add_events(run, events, rows)
    statements.write_group([run], rows)
    tell_after_commit(rows.events)
    return run


def end(run_id: str, ending: Ending, *, expected_epoch: int) -> LockedRun | None:
    """End a run that no worker holds, by compare-and-set on its epoch. None when it has moved on."""
    rows, at = NewRows(), clock.now()
    with transaction.atomic():
        run = statements.lock_runs([run_id]).get(run_id)
        if run is None or run.epoch != expected_epoch or run.state in TERMINAL:
            return None
        charge_left_open(run, rows, at)
        leave_unknown([run], rows, at, goes_on=False)
        data: dict[str, object] = {"state": ending.state, "reason": ending.reason, "answer": ending.answer}
        event = Event.model_validate(
            {
                "kind": "run.ended",
                "at": at,
                "turn": run.turn,
                "data": {**data, "missing": list(ending.missing)},
            }
        )
        apply_ending(run, ending, [event], rows, at, by="sweeper")
        statements.write_group([run], rows)
        statements.write_endings(rows)
        tell_after_commit(rows.events)
    return run


def take_over(run_id: str, *, epoch: int) -> int:
    """Close what the earlier holder of a run left open; returns what the run has cost so far, in nano-USD.

    Raises LostLease when the run has moved on since this epoch.
    """
    rows, at = NewRows(), clock.now()
    with transaction.atomic():
        run = statements.lock_runs([run_id]).get(run_id)
        if run is None or run.epoch != epoch:
            raise LostLease(run_id)
        charge_left_open(run, rows, at)
        leave_unknown([run], rows, at, goes_on=True)
        statements.write_group([run], rows)
        statements.write_endings(rows)
        tell_after_commit(rows.events)
    return run.cost_nanos
