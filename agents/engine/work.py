"""A run being worked on: its state, the ports, and the batch that waits for the next commit."""

from datetime import datetime

from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.endings import Ending
from agents.contracts.events import Event, EventKind
from agents.contracts.ids import new_span_id
from agents.contracts.steps import Step, StepOutput
from agents.engine.batch import Batch
from agents.engine.halt import Halt
from agents.engine.ports import Interrupted, Ports
from agents.engine.state import RunState
from budgets.tiers import Refusal

SHOWN_CHARACTERS = 2_000


class Span:
    """A started thing whose end will have the same id and a duration."""

    __slots__ = ("parent", "span_id", "started_at")

    def __init__(self, started_at: datetime, parent: str = "") -> None:
        self.span_id = new_span_id()
        self.parent = parent
        self.started_at = started_at

    def took_ms(self, until: datetime) -> int:
        """Milliseconds from its start."""
        return max(0, int((until - self.started_at).total_seconds() * 1000))


class Work:
    """Collects what happened and what is about to begin, and commits both together."""

    def __init__(self, state: RunState, ports: Ports, *, epoch: int, cost_nanos: int) -> None:
        self.state = state
        self.ports = ports
        self.cost_nanos = cost_nanos
        self._epoch = epoch
        self._holds = 0
        self.batch = Batch(turn=state.turn)
        self.turn_span = Span(ports.clock.now())

    def span(self, parent: Span | None = None) -> Span:
        """A span that starts now, inside the turn unless told otherwise."""
        return Span(self.ports.clock.now(), (parent or self.turn_span).span_id)

    def fact(self, kind: EventKind, data: JsonObject, span: Span | None = None, *, attempt: int = 0) -> None:
        """Something that has happened."""
        self.batch.facts.append(self._event(kind, data, span, attempt))

    def ended(self, kind: EventKind, data: JsonObject, span: Span, *, attempt: int = 0) -> None:
        """The end of a span, with its duration."""
        self.batch.facts.append(self._event(kind, data, span, attempt, ended=True))

    def intent(self, kind: EventKind, data: JsonObject, span: Span | None = None, *, attempt: int = 0) -> None:
        """Something that begins if the next commit admits it."""
        self.batch.intents.append(self._event(kind, data, span, attempt))

    def record(self, output: StepOutput) -> None:
        """Add a checkpoint, and take it into account."""
        step = Step(number=self.state.steps + 1, turn=self.turn, output=output)
        self.batch.steps.append(step)
        self.state.apply(step)

    @property
    def turn(self) -> int:
        """The turn whose events are being written."""
        return self.batch.turn

    def begin_turn(self) -> None:
        """The next turn; its span is the parent of all that happens in it."""
        self.batch.turn = self.state.turn + 1
        self.turn_span = Span(self.ports.clock.now())
        self.fact("turn.started", {}, self.turn_span)

    def commit(self) -> Refusal | None:
        """Hand over the batch. Returns a refused hold; raises Halt when an operator stopped the run.

        When it returns None, everything in the batch stands and what was intended may begin.
        """
        sent, self.batch = self.batch, Batch(turn=self.batch.turn, doing=self.batch.doing)
        if sent.empty:
            return None
        receipt = self.ports.journal.commit(sent)
        if receipt.kill_requested_at is not None:
            raise Halt(self.killed())
        if receipt.paused:
            raise Halt(Ending(state="paused", reason="An operator paused the run."))
        return receipt.refusal

    def next_hold_id(self) -> str:
        """Unique for ever: a worker that takes over counts its holds under its own epoch."""
        self._holds += 1
        return f"{self.state.input.run_id}:{self._epoch}:{self._holds}"

    def wait(self, seconds: float) -> None:
        """Wait with nothing in flight; a kill ends the wait and the run."""
        try:
            self.ports.clock.wait(seconds)
        except Interrupted as kill:
            raise Halt(self.cut()) from kill

    def stay(self) -> None:
        """Raises Halt, between two steps, when this worker is being stopped: another one goes on from here."""
        if self.ports.leaving():
            raise Halt(self.handed_on())

    def cut(self) -> Ending:
        """What becomes of the run when something in flight was cut. A kill that was committed wins in any case."""
        return self.handed_on() if self.ports.leaving() else self.killed()

    def killed(self) -> Ending:
        """The ending of a kill, wherever it was noticed."""
        return Ending(state="killed", reason="An operator killed the run.", answer=self.state.best_draft)

    def handed_on(self) -> Ending:
        """Queued again, for whichever worker is free."""
        return Ending(state="queued")

    def _event(
        self, kind: EventKind, data: JsonObject, span: Span | None, attempt: int, *, ended: bool = False
    ) -> Event:
        own = span or self.turn_span
        at = self.ports.clock.now()
        return Event(
            kind=kind,
            at=at,
            turn=self.turn,
            attempt=attempt,
            span_id=own.span_id,
            parent_span_id=own.parent,
            duration_ms=own.took_ms(at) if ended else None,
            data=data,
        )


def shown(value: JsonValue, limit: int = SHOWN_CHARACTERS) -> JsonValue:
    """A value as events carry it: whole when short, else its head as text; the step keeps the rest."""
    text = value if isinstance(value, str) else repr(value)
    if len(text) <= limit:
        return value
    return f"{text[:limit]}… ({len(text)} characters)"
