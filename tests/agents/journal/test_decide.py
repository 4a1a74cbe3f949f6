"""What becomes of a batch, decided on locked rows in memory: no database is asked."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast

import pytest

from agents.contracts.base import JsonObject
from agents.contracts.endings import TERMINAL, Ending
from agents.contracts.events import Event, EventKind
from agents.contracts.steps import NoteStep, Step
from agents.engine.batch import ApprovalRequest, Batch, EffectStart, HoldRequest, Receipt, Settlement
from agents.engine.ports import LostLease
from agents.journal import severity
from agents.journal.decide import Claim, add_events, apply_batch, apply_ending, check_lease
from agents.journal.rows import LockedRun, NewRows
from budgets.ledger import AccountSet, Books
from budgets.pricing import PriceSnapshot, Rates, Usage
from budgets.tiers import Refusal

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
PRICE = PriceSnapshot(rates=Rates.flat(input=2, output=8), source="test list", version="1")
CLAIM = Claim("run", 3, AccountSet(1, None, None, 2, 3, 4, AT + timedelta(days=1)))


class NotedBooks:
    """Books that only take notes."""

    def __init__(self, refusal: Refusal | None = None, *, closed: frozenset[str] = frozenset()) -> None:
        self.refusal = refusal
        self.closed = closed
        self.moves: list[tuple[str, str]] = []

    def reserve(self, *, hold_id: str, **_: object) -> Refusal | None:
        self.moves.append(("reserve", hold_id))
        return self.refusal

    def settle(self, *, hold_id: str, **_: object) -> object:
        self.moves.append(("settle", hold_id))
        return SimpleNamespace(booked=hold_id not in self.closed)

    def release(self, *, hold_id: str, **_: object) -> bool:
        self.moves.append(("release", hold_id))
        return True


def locked(**changes: object) -> LockedRun:
    """A run that is held under epoch 3 and has four events."""
    run = LockedRun(
        id="run",
        tenant_id=7,
        epoch=3,
        state="running",
        next_seq=5,
        kill_requested_at=None,
        kill_acknowledged_at=None,
        pause_requested_at=None,
        turn=1,
        steps_count=2,
        errors_count=0,
        severity=0,
        cost_nanos=100,
        input_tokens=10,
        output_tokens=1,
        doing="",
    )
    for name, value in changes.items():
        setattr(run, name, value)
    return run


def event(kind: EventKind, **data: object) -> Event:
    """An event at noon."""
    return Event(kind=kind, at=AT, data=cast(JsonObject, data))


def batch() -> Batch:
    """Facts of one call, and the intent of the next."""
    return Batch(
        turn=2,
        doing="tool send",
        facts=[event("model.ended", status="ok")],
        steps=[Step(number=3, turn=2, output=NoteStep(text="go on"))],
        settlements=[
            Settlement("h1", 40, Usage(5, 6), {}, PRICE),
            Settlement("h2", 0, Usage(0, 0), {}, PRICE, released=True),
        ],
        intents=[event("tool.started")],
        hold=HoldRequest("h3", 4, "t:l", 900, PRICE),
        effects_started=[EffectStart("c1", 4, "send", "1", "k", 0, {})],
        approvals=[ApprovalRequest("c1", "send", {}, "k", "send")],
    )


def apply(run: LockedRun, books: NotedBooks) -> tuple[Receipt, NewRows]:
    """The receipt and the rows of that batch."""
    rows = NewRows()
    return apply_batch(run, CLAIM, batch(), cast(Books, books), rows, AT), rows


def kinds(rows: NewRows) -> list[str]:
    """The events to be written."""
    return [event.kind for _, _, event in rows.events]


def test_a_batch_that_is_admitted_writes_facts_then_intents_and_numbers_them_on() -> None:
    run, books = locked(), NotedBooks()
    receipt, rows = apply(run, books)
    assert receipt == Receipt()
    assert [(seq, e.kind) for _, seq, e in rows.events] == [(5, "model.ended"), (6, "tool.started")]
    assert run.next_seq == 7
    assert (run.turn, run.steps_count, run.doing) == (2, 3, "tool send")
    assert (run.cost_nanos, run.input_tokens, run.output_tokens) == (140, 15, 7)
    assert books.moves == [("settle", "h1"), ("release", "h2"), ("reserve", "h3")]
    assert len(rows.effects_started) == len(rows.approvals) == len(rows.steps) == 1


@pytest.mark.parametrize("asked", ["kill_requested_at", "pause_requested_at"])
def test_after_an_operators_word_facts_stand_and_intents_fall(asked: str) -> None:
    run, books = locked(**{asked: AT - timedelta(seconds=2)}), NotedBooks()
    receipt, rows = apply(run, books)
    assert receipt == (
        Receipt(kill_requested_at=AT - timedelta(seconds=2)) if "kill" in asked else Receipt(paused=True)
    )
    assert "model.ended" in kinds(rows)
    assert "tool.started" not in kinds(rows)
    assert not rows.effects_started
    assert not rows.approvals
    assert len(rows.steps) == 1
    assert books.moves == [("settle", "h1"), ("release", "h2")]


def test_a_refused_hold_is_an_event_and_drops_the_intents() -> None:
    refusal = Refusal(7, "user_day", 1_000, 900, 50, 900, AT)
    receipt, rows = apply(locked(), NotedBooks(refusal))
    assert receipt == Receipt(refusal=refusal)
    assert kinds(rows) == ["model.ended", "hold.refused"]
    data = rows.events[-1][2].data
    assert (data["scope"], data["asked_nanos"], data["resets_at"]) == ("user_day", 900, AT.isoformat())
    assert not rows.effects_started
    assert not rows.approvals


def test_a_settlement_that_was_booked_before_is_not_counted_again() -> None:
    run = locked()
    apply(run, NotedBooks(closed=frozenset({"h1"})))
    assert run.cost_nanos == 100


@pytest.mark.parametrize(
    "run", [None, locked(epoch=4), locked(epoch=2), *(locked(state=state) for state in sorted(TERMINAL))]
)
def test_the_fence_refuses_whoever_does_not_hold_the_run(run: LockedRun | None) -> None:
    with pytest.raises(LostLease):
        check_lease(run, CLAIM)


def test_a_kill_is_acknowledged_once_with_the_time_it_took() -> None:
    run = locked(kill_requested_at=AT - timedelta(milliseconds=1_234))
    _, rows = apply(run, NotedBooks())
    _, again = apply(run, NotedBooks())
    said = [e for _, _, e in [*rows.events, *again.events] if e.kind == "kill.acknowledged"]
    assert [e.data for e in said] == [{"after_ms": 1_234}]


def test_a_kill_wins_over_completion() -> None:
    run, rows = locked(kill_requested_at=AT), NewRows()
    ended = event("run.ended", state="completed", answer="Tea.")
    final = apply_ending(
        run,
        Ending(state="completed", answer="Tea."),
        [event("verdict.given", accepted=True), ended],
        rows,
        AT,
    )
    assert (final.state, final.answer) == ("killed", "Tea.")
    assert kinds(rows) == ["kill.acknowledged", "verdict.given", "run.ended"]
    assert rows.events[-1][2].data["state"] == "killed"
    assert run.state == "killed"


def test_a_run_that_was_cut_though_nobody_killed_it_is_left_to_the_next_worker() -> None:
    rows = NewRows()
    with pytest.raises(LostLease):
        apply_ending(locked(), Ending(state="killed"), [event("run.ended")], rows, AT)
    assert rows.events == []
    assert rows.endings == []


def test_an_ending_goes_with_the_epoch_that_wrote_it() -> None:
    run, rows = locked(), NewRows()
    ending = Ending(state="paused", reason="An operator paused the run.")
    assert apply_ending(run, ending, [event("run.paused")], rows, AT) == ending
    assert rows.endings == [("run", 3, ending, AT)]


@pytest.mark.parametrize(
    ("kind", "data", "bad"),
    [
        ("error.raised", {}, severity.BAD),
        ("model.ended", {"status": "failed"}, severity.BAD),
        ("model.ended", {"status": "ok"}, severity.CALM),
        ("attempt.ended", {"status": "timeout"}, severity.BAD),
        ("attempt.ended", {"status": "refused"}, severity.CALM),
        ("run.ended", {"state": "dead"}, severity.BAD),
        ("run.ended", {"state": "degraded"}, severity.WARN),
        ("run.ended", {"state": "completed"}, severity.CALM),
        ("verdict.given", {"accepted": False}, severity.WARN),
        ("tool.ended", {"status": "degraded"}, severity.WARN),
        ("hold.refused", {}, severity.WARN),
        ("turn.started", {}, severity.CALM),
    ],
)
def test_a_run_is_as_bad_as_its_worst_event(kind: EventKind, data: dict[str, object], bad: int) -> None:
    run = locked()
    add_events(run, [event(kind, **data), event("turn.started")], NewRows())
    assert run.severity == bad
    assert run.errors_count == (bad == severity.BAD)
