"""A run of many turns as rows, written in bulk: an LLM call and a tool call a turn, now and then a fallback."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

from django.utils import timezone

from agents.contracts.base import JsonObject
from agents.contracts.events import Event, EventKind
from agents.journal import statements
from agents.journal.rows import NewRows
from agents.models import Run

TURN_COST_NANOS = 2_000_000
FAILS_EVERY = 50
GROUP = 5_000
PAGE_OF_TEXT = "Order 1029 left the warehouse on Monday and is late; the carrier says it waits in customs. " * 12


def write_turns(run: Run, turns: int) -> int:
    """Add so many turns to a run's trace, as its worker would have; returns the number of the last event."""
    first, run.turn = run.turn + 1, run.turn + turns
    run.cost_nanos, run.steps_count = run.turn * TURN_COST_NANOS, 2 * run.turn
    began_at = timezone.now() - timedelta(seconds=run.turn + 60)
    told = _events(first, run.turn)
    while events := list(islice(told, GROUP)):
        rows = NewRows()
        for number, (kind, turn, span, parent, took_ms, data) in enumerate(events):
            at = began_at + timedelta(seconds=turn, milliseconds=10 * number % 1000)
            event = Event(
                kind=kind,
                at=at,
                turn=turn,
                span_id=span,
                parent_span_id=parent,
                duration_ms=took_ms,
                data=data,
            )
            rows.events.append((run.pk, run.next_seq, event))
            run.next_seq += 1
        statements.write_group([], rows)
    run.save()
    return run.next_seq - 1


Told = tuple[EventKind, int, str, str, int | None, JsonObject]


def _events(first: int, last: int) -> Iterator[Told]:
    if first == 1:
        yield "run.launched", 0, "", "", None, {"by": "ada"}
        yield "run.claimed", 0, "", "", None, {"attempt": 1, "worker": "w1"}
    for turn in range(first, last + 1):
        yield from _turn(turn)


def _turn(turn: int) -> Iterator[Told]:
    own, llm, tool = f"{turn:08x}t", f"{turn:08x}m", f"{turn:08x}c"
    named: JsonObject = {"tool": "look_up", "call_id": f"call-{turn}"}
    used: JsonObject = {"input_tokens": 9_000, "output_tokens": 120, "cache_read_tokens": 0, "reasoning_tokens": 0}
    money: JsonObject = {"cost_nanos": TURN_COST_NANOS, "run_cost_nanos": turn * TURN_COST_NANOS}
    price: JsonObject = {"price_source": "rehearsal list", "price_version": "1", "held_nanos": 9_000_000}
    yield "turn.started", turn, own, "", None, {}
    yield (
        "hold.placed",
        turn,
        llm,
        own,
        None,
        {"hold": f"h{turn}", "llm": "rehearsal:search", "amount_nanos": 9_000_000},
    )
    yield "model.started", turn, llm, own, None, {"llm": "rehearsal:search", "prompt_tokens": 9_000, "purpose": "turn"}
    said: JsonObject = {"llm": "rehearsal:search", "status": "ok", "finish": "tool_calls", "text": f"I look at {turn}."}
    yield "model.ended", turn, llm, own, 800, {**said, **used}
    yield "charge.booked", turn, llm, own, None, {"hold": f"h{turn}", "llm": "rehearsal:search", **money, **price}
    yield "tool.started", turn, tool, own, None, {**named, "arguments": {"text": f"parcel {turn}"}, "effect": "pure"}
    if turn % FAILS_EVERY == 0:
        yield from _attempt(turn, f"{turn:08x}x", tool, "live", "failed", "HTTP 503")
        yield (
            "tool.fallback",
            turn,
            tool,
            own,
            None,
            {"tool": "look_up", "from": "live", "to": "cached", "error": "503"},
        )
    yield from _attempt(turn, f"{turn:08x}a", tool, "cached" if turn % FAILS_EVERY == 0 else "live", "ok", "")
    output: JsonObject = {"status": "ok", "served_by": "live", "output": {"text": PAGE_OF_TEXT}, "reason": ""}
    yield "tool.ended", turn, tool, own, 120, {**named, **output}


def _attempt(turn: int, span: str, parent: str, name: str, status: str, error: str) -> Iterator[Told]:
    yield "attempt.started", turn, span, parent, None, {"implementation": name}
    ended: JsonObject = {"implementation": name, "status": status, "error": error}
    yield "attempt.ended", turn, span, parent, 100, ended
