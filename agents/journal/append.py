"""Events that are not a worker's: what operators do to a run, and what the sweeper finds."""

from collections.abc import Iterable
from datetime import UTC, datetime

from django.db import transaction

from agents.contracts.endings import TERMINAL, Ending
from agents.contracts.events import Event
from agents.journal import statements
from agents.journal.decide import add_events, apply_ending
from agents.journal.rows import LockedRun, NewRows


def append(run_id: str, events: Iterable[Event]) -> LockedRun:
    """Add events to a run's trace inside the caller's transaction, under the run's lock. Raises KeyError."""
    rows = NewRows()
    run = statements.lock_runs([run_id])[run_id]
    add_events(run, events, rows)
    statements.write_group([run], rows)
    return run


def end(run_id: str, ending: Ending, *, expected_epoch: int) -> LockedRun | None:
    """End a run that no worker holds, by compare-and-set on its epoch. None when it has moved on meanwhile."""
    rows, at = NewRows(), datetime.now(UTC)
    with transaction.atomic():
        run = statements.lock_runs([run_id]).get(run_id)
        if run is None or run.epoch != expected_epoch or run.state in TERMINAL:
            return None
        data: dict[str, object] = {"state": ending.state, "reason": ending.reason, "answer": ending.answer}
        event = Event.model_validate(
            {"kind": "run.ended", "at": at, "turn": run.turn, "data": {**data, "missing": list(ending.missing)}}
        )
        apply_ending(run, ending, [event], rows, at)
        statements.write_group([run], rows)
    return run
