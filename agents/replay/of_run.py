"""Reads the recording of a run from its rows, and replays it. Nothing is written."""

from itertools import islice

from agents.checkpoints import recorded_steps
from agents.models import Blob, Run
from agents.models.agent import AgentVersion
from agents.replay.offline import Report, replay
from agents.replay.recording import Recording, handles
from agents.run_input import input_of
from budgets import clock

BLOBS_AT_ONCE = 200


def replay_run(run: Run, *, version: AgentVersion | None = None) -> Report:
    """Replay a run as its own version, or as another one of its agent would go. Raises CheckpointError."""
    recording = recording_of(run)
    other = input_of(run, started_at=recording.given.started_at, version=version) if version else None
    return replay(recording, other=other)


def recording_of(run: Run) -> Recording:
    """Everything that was recorded of a run so far. Raises CheckpointError."""
    steps = tuple(recorded_steps(run))
    return Recording(
        given=input_of(run, started_at=clock.now()),
        steps=steps,
        blobs=_blobs(handles(steps)),
        state=run.state,
        answer=run.answer,
        taken_over=run.parent_step or 0,
    )


def _blobs(wanted: set[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    rest = iter(sorted(wanted))
    while some := list(islice(rest, BLOBS_AT_ONCE)):
        rows = Blob.objects.filter(pk__in=some).values_list("pk", "content")
        found |= {handle: bytes(content).decode("utf-8", "replace") for handle, content in rows}
    return found
