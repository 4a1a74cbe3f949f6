"""Commits whose answer was lost: what was written is looked for among the rows before anybody writes it again."""

from django.db import transaction

from agents.journal import statements
from agents.journal.rows import NewRows
from agents.models import EventRow, StepRow


def stands(rows: NewRows) -> bool:
    """Whether a transaction that wrote these rows was committed; one of them tells, since it wrote all or none.

    The run's lock is waited for: the server may still be busy with that commit. False for rows without an event or
    a step; what else there is can be written again without harm.
    """
    run_id = next((each[0] for each in (*rows.events[:1], *rows.steps[:1])), None)
    if run_id is None:
        return False
    with transaction.atomic():
        statements.lock_runs([run_id])
        return _event_stands(rows) if rows.events else _step_stands(rows)


def _event_stands(rows: NewRows) -> bool:
    """Its number alone says little: an operator's event, or another worker's, may have taken it since."""
    run_id, seq, event = rows.events[0]
    same = {"kind": event.kind, "at": event.at, "span_id": event.span_id, "parent_span_id": event.parent_span_id}
    return EventRow.objects.filter(run_id=run_id, seq=seq, **same).exists()


def _step_stands(rows: NewRows) -> bool:
    run_id, step, at = rows.steps[0]
    return StepRow.objects.filter(run_id=run_id, number=step.number, recorded_at=at).exists()
