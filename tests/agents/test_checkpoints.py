"""Steps that this release cannot go on from are refused by name, before anything is done with them."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import connection

from agents.checkpoints import recorded_steps
from agents.contracts.messages import ToolMessage
from agents.contracts.steps import SCHEMA_VERSION, NoteStep, Step, StepOutput, ToolStep
from agents.contracts.upcast import CheckpointError, MissingBlob, NewerCheckpoint, UnreadableCheckpoint
from agents.journal import statements
from agents.journal.rows import NewRows
from agents.models import Blob, Run
from tests.agents.conftest import Office

LARGE = "A large output. " * 100


def with_steps(run: Run, *outputs: StepOutput) -> Run:
    """The run with these steps recorded, as by a worker that had it before."""
    Run.objects.filter(pk=run.pk, epoch=0).update(epoch=1)
    rows, at = NewRows(), datetime.now(UTC)
    rows.steps += [(run.id, Step(number=n, turn=1, output=output), at) for n, output in enumerate(outputs, start=1)]
    statements.write_group([], rows)
    return run


def headed(handle: str) -> ToolStep:
    """A tool's output of which the thread has the head only."""
    return ToolStep(result=ToolMessage(call_id="c", name="read", status="ok", content={"head": "A"}), source=handle)


@pytest.fixture
def run(office: Office) -> Run:
    """A run of two notes and a large output."""
    blob = Blob.keep(LARGE.encode())
    return with_steps(office.run("failed"), NoteStep(text="one"), NoteStep(text="two"), headed(blob.sha256))


def newer(run: Run) -> None:
    run.steps.filter(number=2).update(schema_version=SCHEMA_VERSION + 1)


def of_no_version(run: Run) -> None:
    run.steps.filter(number=2).update(schema_version=0)


def cut_off(run: Run) -> None:
    """SQLite keeps JSON as text, which can be cut; in PostgreSQL a damaged value is still JSON."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA ignore_check_constraints = ON")
            cursor.execute(
                "UPDATE agents_steprow SET output = substr(output, 1, 9) WHERE run_id = %s AND number = 2", [run.pk]
            )
            cursor.execute("PRAGMA ignore_check_constraints = OFF")
    else:
        run.steps.filter(number=2).update(output="{")


def without_its_text(run: Run) -> None:
    run.steps.filter(number=2).update(output={"kind": "note"})


def of_an_unknown_kind(run: Run) -> None:
    run.steps.filter(number=2).update(output={"kind": "dream", "text": "two"})


def gone(run: Run) -> None:
    run.steps.filter(number=2).delete()


def without_its_blob(run: Run) -> None:
    del run
    Blob.objects.all().delete()


def with_half_a_blob(run: Run) -> None:
    del run
    Blob.objects.update(content=LARGE.encode()[:50])


@pytest.mark.parametrize(
    ("harm", "error", "said"),
    [
        (newer, NewerCheckpoint, "Step 2 was recorded by a newer release"),
        (of_no_version, UnreadableCheckpoint, "unknown checkpoint version 0"),
        (cut_off, UnreadableCheckpoint, "Step 2 cannot be read: its record is cut off"),
        (without_its_text, UnreadableCheckpoint, "Step 2 cannot be read: output.note.text: Field required"),
        (of_an_unknown_kind, UnreadableCheckpoint, "Step 2 cannot be read: output"),
        (gone, UnreadableCheckpoint, "Step 2 is missing: after step 1 comes step 3"),
        (without_its_blob, MissingBlob, "The large output of step 3 is gone or cut off"),
        (with_half_a_blob, MissingBlob, "The large output of step 3 is gone or cut off"),
    ],
)
def test_a_step_that_cannot_be_gone_on_from_is_named(
    run: Run, harm: Callable[[Run], None], error: type[CheckpointError], said: str
) -> None:
    assert [step.number for step in recorded_steps(run)] == [1, 2, 3]
    harm(run)
    with pytest.raises(error, match=said):
        list(recorded_steps(run))


def test_what_comes_after_the_wanted_step_may_be_damaged(run: Run) -> None:
    without_its_blob(run)
    assert [step.number for step in recorded_steps(run, up_to=2)] == [1, 2]


def test_a_step_that_the_run_never_had_is_missing(run: Run) -> None:
    with pytest.raises(UnreadableCheckpoint, match="Step 4 is missing: the run has 3 steps"):
        list(recorded_steps(run, up_to=9))
