"""A trace in windows: each shows the rows that the whole trace has there, with their numbers."""

import random
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from agents.contracts.base import JsonObject
from agents.contracts.events import Event, EventKind
from agents.models import EventRow, Run
from console.live import window
from console.live.found import Sought, rows_found
from console.live.run_feed import RunFeed
from console.live.span import WARNING, Span
from console.live.trace import Trace
from console.live.window import head_of, newest_window, window_after, window_around, window_before

TURNS = 40
Told = tuple[EventKind, str, str, JsonObject]


@pytest.fixture(autouse=True)
def _small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "WINDOW_EVENTS", 60)


@pytest.fixture(params=range(3))
def trace(run: Run, request: pytest.FixtureRequest) -> list[Span]:
    """The whole trace of a run in which everything happens that makes a row, in an order of chance."""
    whole, began_at = Trace(), timezone.now()
    rows = []
    for seq, (kind, span, parent, data) in enumerate(_a_run(random.Random(request.param)), start=1):
        at = began_at + timedelta(milliseconds=40 * seq)
        event = Event(kind=kind, at=at, span_id=span, parent_span_id=parent, data=data)
        whole.apply(seq, event)
        rows.append(EventRow(run=run, seq=seq, **event.model_dump()))
    EventRow.objects.bulk_create(rows)
    return whole.spans


def _a_run(chance: random.Random) -> Iterator[Told]:
    yield "run.launched", "", "", {}
    yield "run.claimed", "", "", {"attempt": 1}
    for turn in range(TURNS):
        yield from _turn(chance, f"{turn:04x}")
    yield "kill.requested", "", "", {"by": "ada"}
    yield "turn.started", "ffff", "", {}
    yield "kill.acknowledged", "", "", {"after_ms": 5}
    yield "run.ended", "", "", {"state": "killed", "reason": "by ada"}


def _turn(chance: random.Random, turn: str) -> Iterator[Told]:
    llm, tool = f"{turn}a", f"{turn}b"
    yield "turn.started", turn, "", {}
    yield "model.started", llm, turn, {"llm": "rehearsal:search"}
    if chance.random() < 0.2:
        yield "model.retried", llm, turn, {"error": "overloaded"}
    if chance.random() < 0.1:
        yield "run.claimed", "", "", {"attempt": 2, "worker": "w2"}
        return
    yield "model.ended", llm, turn, {"llm": "rehearsal:search", "status": "ok"}
    yield "charge.booked", llm, turn, {"cost_nanos": 5, "run_cost_nanos": 5 * int(turn, 16)}
    yield from chance.choice([_TOOL, _APPROVAL, _REMARKS])(turn, tool)


def _tool(turn: str, tool: str) -> Iterator[Told]:
    yield "tool.started", tool, turn, {"tool": "stock"}
    yield "attempt.started", f"{tool}1", tool, {"implementation": "live"}
    yield "attempt.ended", f"{tool}1", tool, {"implementation": "live", "status": "failed", "error": "HTTP 503"}
    yield "attempt.started", f"{tool}2", tool, {"implementation": "cached"}
    yield "attempt.ended", f"{tool}2", tool, {"implementation": "cached", "status": "ok", "error": ""}
    yield "tool.ended", tool, turn, {"tool": "stock", "status": "ok"}


def _approval(turn: str, tool: str) -> Iterator[Told]:
    call: JsonObject = {"call_id": f"call-{turn}", "tool": "refund"}
    yield "approval.requested", turn, "", call
    yield "run.paused", "", "", {"state": "waiting_approval"}
    yield "approval.decided", "", "", {**call, "decision": "denied", "by": "bo"}
    yield "run.resumed", "", "", {"by": "bo"}
    yield "tool.started", tool, turn, call
    yield "tool.ended", tool, turn, {**call, "status": "denied"}


def _remarks(turn: str, tool: str) -> Iterator[Told]:
    del tool
    yield "call.rejected", turn, "", {"tool": "stock", "error_type": "invalid_arguments"}
    yield "memory.compressed", turn, "", {"tokens_before": 9, "tokens_after": 5, "by": "truncation"}
    yield "run.paused", "", "", {"state": "paused"}
    yield "verdict.given", f"{turn}c", turn, {"accepted": False, "issues": []}
    yield "note.added", turn, "", {"text": "Go on."}


_TOOL, _APPROVAL, _REMARKS = _tool, _approval, _remarks


def test_windows_one_after_the_other_make_up_the_whole_trace(run: Run, trace: list[Span]) -> None:
    rows: list[Span] = []
    read = window_after(head_of(run.pk), 0)
    while not read.newest:
        rows += read.spans
        following = window_after(head_of(run.pk), read.upto)
        assert following.newest or following.after == read.upto
        read = following
    rows = [row for row in rows if row.seq <= read.after] + read.spans
    assert rows == trace


def test_windows_backwards_make_up_the_whole_trace_too(run: Run, trace: list[Span]) -> None:
    read = newest_window(head_of(run.pk))
    rows = read.spans
    while read.after:
        read = window_before(head_of(run.pk), read.after + 1)
        rows = [row for row in read.spans if row.seq < rows[0].seq] + rows
    assert rows == trace


def test_every_row_is_in_the_window_around_it(run: Run, trace: list[Span]) -> None:
    for row in trace[::7]:
        assert row in window_around(head_of(run.pk), row.seq).spans


@pytest.mark.parametrize("show", ["errors", "llm", "tool", "critic"])
def test_what_is_found_are_rows_of_the_trace(run: Run, trace: list[Span], show: str) -> None:
    found = rows_found(run.pk, Sought(show), before=10_000, first_at=head_of(run.pk).first_at)
    wanted = [row for row in trace if (row.severity >= WARNING if show == "errors" else row.kind == show)]
    assert found == wanted


def test_a_text_is_found_in_what_was_said_and_not_in_names_of_fields(run: Run, trace: list[Span]) -> None:
    found = rows_found(run.pk, Sought(text="http 503"), before=10_000, first_at=head_of(run.pk).first_at)
    assert found == [row for row in trace if "503" in row.note or (row.title == "stock" and row.severity == 3)]
    assert rows_found(run.pk, Sought(text="call_id"), before=10_000, first_at=head_of(run.pk).first_at) == []
    assert rows_found(run.pk, Sought("critic", "http 503"), before=10_000, first_at=head_of(run.pk).first_at) == []


def test_a_turn_that_is_longer_than_a_window_is_cut(run: Run) -> None:
    rows = [EventRow(run=run, seq=1, kind="turn.started", span_id="t", at=timezone.now())]
    for seq in range(2, 203, 2):
        more = {"run": run, "span_id": f"{seq:04x}", "at": timezone.now(), "data": {"tool": "x", "status": "ok"}}
        rows += [EventRow(seq=seq, kind="tool.started", **more), EventRow(seq=seq + 1, kind="tool.ended", **more)]
    EventRow.objects.bulk_create(rows)
    read = newest_window(head_of(run.pk))
    assert (len(read.spans), read.spans[-1].label) == (30, "101")
    assert window_around(head_of(run.pk), 50).has(50)


def test_a_feed_lets_go_of_old_rows_and_pages_from_before_read_again(
    run: Run, trace: list[Span], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.live.run_feed.MOST_ROWS", 10)
    monkeypatch.setattr("console.live.run_feed.KEPT_ROWS", 5)
    read, feed = newest_window(head_of(run.pk)), RunFeed(run.pk)
    feed.advance()
    assert feed.knows(read.epoch, read.seq)
    assert not feed.knows(read.epoch, read.after)
    assert trace[-1].span_id in feed.replay(read.seq - 1)
