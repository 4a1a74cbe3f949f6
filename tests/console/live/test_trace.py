"""The fold of events into rows."""

import pytest

from agents.contracts.events import Event, EventKind
from console.live.ops import span_cells
from console.live.span import BAD, CALM, WARNING, Span
from console.live.trace import Trace, fold
from tests.console.live.script import Script, searching_run


def row(spans: list[Span], span_id: str) -> Span:
    return next(span for span in spans if span.span_id == span_id)


def test_rows_stand_in_the_order_of_their_first_event() -> None:
    spans = fold(searching_run().events)
    assert [(span.label, span.kind, span.title) for span in spans] == [
        ("1", "llm", "rehearsal:search"),
        ("2", "tool", "search_kb"),
        ("2.1", "tool", "live"),
        ("2.2", "tool", "cached"),
        ("3", "critic", "critic"),
        ("4", "llm", "rehearsal:search"),
    ]
    assert [span.depth for span in spans] == [0, 0, 1, 1, 0, 0]


def test_an_ended_llm_call_has_what_the_vendor_counted_and_what_it_cost() -> None:
    span = row(fold(searching_run().events), "m1")
    assert (span.status, span.duration_ms) == ("ok", 250)
    assert (span.input_tokens, span.output_tokens, span.cached_tokens) == (1000, 50, 10)
    assert (span.cost_nanos, span.running_cost_nanos) == (2_000_000, 2_000_000)


def test_an_open_span_has_no_duration_and_starts_where_it_began() -> None:
    span = row(fold(searching_run().events), "m2")
    assert span.open
    assert (span.status, span.offset_ms, span.input_tokens) == ("running", 14 * 250, 1200)


def test_a_tool_call_is_as_bad_as_its_worst_attempt_and_names_its_fallback() -> None:
    spans = fold(searching_run().events)
    assert row(spans, "a1").severity == BAD
    assert row(spans, "c1").severity == BAD
    assert row(spans, "c1").status == "ok"
    assert row(spans, "c1").note == "fell back to cached after timeout"
    assert row(spans, "a2").severity == CALM


def test_a_first_attempt_is_quiet_until_it_fails_or_is_followed_by_another() -> None:
    script = searching_run()
    assert row(fold(script.events[:8]), "a1").quiet
    assert not row(fold(script.events[:9]), "a1").quiet
    assert not row(fold(script.events), "a2").quiet


def test_a_single_attempt_that_went_well_stays_quiet() -> None:
    script = Script().tell("tool.started", "c", tool="x").tell("attempt.started", "a", "c", implementation="live")
    script.tell("attempt.ended", "a", "c", took_ms=3, status="ok").tell("tool.ended", "c", took_ms=4, status="ok")
    assert row(fold(script.events), "a").quiet


@pytest.mark.parametrize("cut", range(1, 16))
def test_folding_at_once_and_event_by_event_give_the_same_rows(cut: int) -> None:
    events = searching_run().events
    trace = Trace()
    for seq, event in enumerate(events[:cut], start=1):
        trace.apply(seq, event)
    assert trace.spans == fold(events[:cut])
    for seq, event in enumerate(events, start=1):
        trace.apply(seq, event)
    assert trace.spans == fold(events)


@pytest.mark.parametrize("cut", range(16))
def test_a_page_of_any_age_becomes_the_present_one_by_the_changes_after_its_cursor(cut: int) -> None:
    events = searching_run().tell("model.ended", "m2", "t1", took_ms=9, status="ok").tell("run.ended", state="failed")
    page = {span.span_id: span_cells(span) for span in fold(events.events[:cut])}
    trace = Trace()
    for seq, event in enumerate(events.events, start=1):
        trace.apply(seq, event)
    for change in trace.changes_after(cut):
        assert (change.span.span_id in page) == (change.born_seq <= cut)
        page[change.span.span_id] = span_cells(change.span)
    assert page == {span.span_id: span_cells(span) for span in fold(events.events)}
    assert list(page) == [span.span_id for span in fold(events.events)]


def test_an_event_told_twice_changes_nothing() -> None:
    trace = Trace()
    events = searching_run().events
    for seq, event in [*enumerate(events, start=1), *enumerate(events, start=1)]:
        trace.apply(seq, event)
    assert trace.spans == fold(events)


def test_a_kill_goes_from_requested_over_acknowledged_to_stopped_and_ends_what_was_open() -> None:
    script = searching_run().tell("kill.requested", by="ada", reason="runaway")
    assert fold(script.events)[-1].status == "requested"
    script.tell("kill.acknowledged", after_ms=120)
    assert fold(script.events)[-1].status == "acknowledged"
    script.tell("run.ended", state="killed", reason="killed by ada")
    spans = fold(script.events)
    assert (spans[-1].kind, spans[-1].status, spans[-1].duration_ms) == ("kill", "stopped", 500)
    assert spans[-1].note == "by ada: runaway · acknowledged after 120 ms"
    assert row(spans, "m2").status == "killed"
    assert not any(span.open for span in spans)


def test_a_take_over_loses_what_the_dead_worker_had_open() -> None:
    script = searching_run().tell("run.claimed", attempt=2, worker="w2")
    spans = fold(script.events)
    assert (row(spans, "m2").status, row(spans, "m2").severity) == ("lost", WARNING)
    assert (spans[-1].title, spans[-1].note) == ("taken over", "attempt 2, by w2")


def test_an_approval_waits_until_it_is_decided() -> None:
    script = Script().tell("tool.started", "c", tool="refund", call_id="k")
    script.tell("approval.requested", "c", tool="refund", call_id="k", expires_at="2026-11-22T11:00:00Z")
    waiting = fold(script.events)[-1]
    assert (waiting.kind, waiting.status, waiting.open) == ("approval", "waiting", True)
    script.tell("approval.decided", call_id="k", tool="refund", decision="denied", by="bo", note="too much")
    decided = fold(script.events)[-1]
    assert (decided.status, decided.note, decided.open) == ("denied", "by bo: too much", False)


def test_waiting_for_an_approval_needs_no_row_beside_the_approvals_own() -> None:
    script = Script().tell("approval.requested", tool="refund", call_id="k")
    script.tell("run.paused", state="waiting_approval", reason="refund waits for a person's approval.")
    assert [span.kind for span in fold(script.events)] == ["approval"]
    script.tell("approval.decided", call_id="k", decision="approved", by="bo").tell("run.paused", state="paused")
    assert [span.title for span in fold(script.events)] == ["approval of refund", "paused"]


def test_rejected_and_blocked_calls_have_rows_of_their_own() -> None:
    fields = [{"path": "order_id", "problem": "is not an integer", "accepted": "integer"}]
    script = Script().tell("call.rejected", tool="refund", error_type="invalid_arguments", fields=fields)
    script.tell("call.blocked", tool="search", repeats=3)
    rejected, blocked = fold(script.events)
    assert (rejected.status, rejected.note) == ("rejected", "invalid arguments (order_id: is not an integer)")
    assert (blocked.status, blocked.note, blocked.severity) == ("blocked", "same call 3 times", WARNING)


def test_an_end_other_than_completion_says_so_in_its_own_row() -> None:
    spans = fold(Script().tell("run.ended", state="failed", reason="no LLM answered").events)
    assert (spans[0].title, spans[0].note, spans[0].severity) == ("failed", "no LLM answered", BAD)
    assert fold(Script().tell("run.ended", state="completed", answer="42").events) == []


def test_hostile_payloads_of_the_wrong_type_do_no_harm() -> None:
    script = Script().tell("model.started", "m", llm=["x"], prompt_tokens="many")
    script.tell("model.ended", "m", took_ms=1, status={"a": 1}, input_tokens=True, finish=None)
    script.tell("verdict.given", accepted="yes", issues="none").tell("call.rejected", tool=None, fields=[1, None])
    spans = fold(script.events)
    assert (spans[0].title, spans[0].input_tokens) == ("LLM", None)
    assert [span.status for span in spans] == ["ok", "rejected", "rejected"]


def test_long_text_is_cut_and_put_on_one_line() -> None:
    note = fold(Script().tell("note.added", text="a\n\n" + "b" * 5000).events)[0].note
    assert note.startswith("a bbb")
    assert len(note) == 200


def test_ends_without_a_start_are_passed_over() -> None:
    ends: list[Event] = []
    kinds: tuple[EventKind, ...] = (
        "model.ended",
        "tool.ended",
        "attempt.ended",
        "charge.booked",
        "approval.decided",
    )
    for kind in kinds:
        ends += Script().tell(kind, "nowhere").events
    assert fold(ends) == []
