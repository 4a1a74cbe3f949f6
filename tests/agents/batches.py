"""Batches as the engine hands them over, and a recorder at work."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from agents.contracts.endings import Ending
from agents.contracts.events import Event, EventKind
from agents.contracts.steps import NoteStep, Step
from agents.engine.batch import Batch, EffectEnd, EffectStart, HoldRequest, Receipt, Settlement
from agents.journal.decide import Claim
from agents.models import EventRow, Run
from agents.recorder import Entry, Recorder, write_group
from budgets.pricing import PriceSnapshot, Rates, Usage

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
PRICE = PriceSnapshot(rates=Rates.flat(input=2, output=8), source="test list", version="1")


def event(kind: EventKind = "note.added") -> Event:
    """An event at noon."""
    return Event(kind=kind, at=AT, turn=1, data={"text": "tea"})


def step(number: int) -> Step:
    """A recorded step."""
    return Step(number=number, turn=1, output=NoteStep(text=f"step {number}"))


def hold(hold_id: str, nanos: int) -> HoldRequest:
    """Money for a call."""
    return HoldRequest(hold_id, 1, "rehearsal:search", nanos, PRICE)


def settled(hold_id: str, nanos: int) -> Settlement:
    """What the call cost."""
    return Settlement(hold_id, nanos, Usage(10, 2), {"seen": 1}, PRICE)


def effect(key: str = "k" * 64, *, dedupe_seconds: int = 0) -> EffectStart:
    """A letter that leaves."""
    return EffectStart("c1", 1, "send", "1", key, dedupe_seconds, {"to": "ann"})


def effect_end(state: str, key: str = "k" * 64) -> EffectEnd:
    """How the letter came out."""
    return EffectEnd(key, state, "post", {"value": "sent"} if state == "succeeded" else None)


def put(claim: Claim, batch: Batch) -> Receipt:
    """Commit one batch in this thread. Raises LostLease."""
    return outcome(Entry(claim, batch=batch))


def end(claim: Claim, ending: Ending) -> Receipt:
    """End a run in this thread. Raises LostLease."""
    ended = Event(kind="run.ended", at=AT, data={"state": ending.state, "answer": ending.answer})
    return outcome(Entry(claim, ending=ending, events=[ended]))


def outcome(entry: Entry) -> Receipt:
    """What one entry is told."""
    told = write_group([entry]).outcomes[0]
    if isinstance(told, Exception):
        raise told
    return told


@contextmanager
def recorder(*waiting: Entry) -> Iterator[Recorder]:
    """A recorder that has found these entries waiting and written them as one group."""
    writer = Recorder(unheard)
    try:
        if waiting:
            writer._waiting.extend(waiting)
            writer._write_for_all()
        yield writer
    finally:
        writer.stop()


def unheard(heads: Sequence[tuple[str, int, int]]) -> None:
    """A bell that nobody hears."""
    del heads


def sequence(run: Run) -> list[int]:
    """The numbers of a run's events, as stored."""
    return list(EventRow.objects.filter(run=run).order_by("seq").values_list("seq", flat=True))


def kinds(run: Run) -> list[str]:
    """The kinds of a run's events, in order."""
    return list(EventRow.objects.filter(run=run).order_by("seq").values_list("kind", flat=True))
