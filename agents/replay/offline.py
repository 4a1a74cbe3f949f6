"""A run once more without network or rows: the real engine over what was recorded, until it leaves that way. Pure."""

from dataclasses import dataclass, replace

from agents.contracts.endings import Ending
from agents.engine import loop
from agents.engine.limitation import owned_up
from agents.engine.state import RunInput, RunState
from agents.replay.divergence import Diverged, Divergence, EndOfRecording, told
from agents.replay.recorded_ports import Place, RecordedLLMs, ports
from agents.replay.recording import Recording
from agents.replay.requests import Asked, first_difference

BY_ITSELF = frozenset({"completed", "flagged", "degraded", "failed"})
"""Endings that the loop comes to; any other was somebody's word or a worker's death."""
ANSWERED = BY_ITSELF - {"failed"}


@dataclass(frozen=True, slots=True)
class Report:
    """How a replay went: so many steps came as recorded, and where it left the recorded way, if it did.

    ``request``: where another version would have asked an LLM something else. From there on nobody knows what that
    one would have said; the replay goes on as if it had said the same.
    """

    steps: int
    divergence: Divergence | None = None
    request: Divergence | None = None

    @property
    def same(self) -> bool:
        """Whether nothing came otherwise."""
        return self.divergence is None and self.request is None


def replay(recording: Recording, *, other: RunInput | None = None) -> Report:
    """Go through a recorded run again; with ``other``, as another version of its agent would."""
    own = _Way(recording, recording.given, strict=True)
    report = own.go()
    if other is None or report.divergence is not None:
        return report
    way = _Way(recording, other, strict=False)
    return replace(way.go(), request=first_difference(own.asked, way.asked))


class _Way:
    """One way through the recording."""

    def __init__(self, recording: Recording, given: RunInput, *, strict: bool) -> None:
        self._recording = recording
        self._state = RunState(replace(given, cheaper_llm=recording.cheaper_llm))
        self._state.replay(recording.steps[: recording.taken_over])
        self._place = Place(recording, self._state)
        self._llms = RecordedLLMs(self._place, strict=strict)

    @property
    def asked(self) -> list[Asked]:
        """What the LLMs were asked, in order."""
        return self._llms.asked

    def go(self) -> Report:
        """Work on the run until the record ends or does not fit."""
        divergence = self._first()
        whole = len(self._recording.steps)
        done = divergence.number - 1 if divergence and divergence.number else whole
        return Report(done - self._recording.taken_over, divergence)

    def _first(self) -> Divergence | None:
        try:
            ending = loop.run(self._state, ports(self._place, self._llms), epoch=0)
        except Diverged as diverged:
            return diverged.divergence
        except EndOfRecording as end:
            return self._unfinished(str(end))
        except Exception as error:  # whatever an engine or a tool's module raises is what the replay has found
            due = self._place.due
            before = told(due) if due else f"the run ended as {self._recording.state}"
            return Divergence(self._place.number, before, f"the runtime fails: {type(error).__name__}: {error}")
        return self._ended(ending)

    def _unfinished(self, came: str) -> Divergence | None:
        """What was stopped from outside has no next step; what had answered had nothing more to do."""
        if self._recording.state not in ANSWERED:
            return None
        return Divergence(0, f"the run ends as {self._recording.state}", came)

    def _ended(self, ending: Ending) -> Divergence | None:
        came = f"the run ends as {ending.state}"
        if (due := self._place.due) is not None:
            return Divergence(self._place.number, told(due), came)
        if self._recording.state not in BY_ITSELF:
            return None
        answers = (ending.answer, owned_up(self._state, ending).answer)
        if ending.state == self._recording.state and self._recording.answer in answers:
            return None
        same = ending.state == self._recording.state
        return Divergence(
            0, f"the run ends as {self._recording.state}", f"{came}, with another answer" if same else came
        )
