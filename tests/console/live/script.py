"""Writes little runs for the tests: events one after the other, each a quarter of a second later."""

from datetime import UTC, datetime, timedelta
from typing import Any

from agents.contracts.events import Event, EventKind

START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


class Script:
    """Events of one run in the order in which they are told."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def tell(
        self, kind: EventKind, span: str = "", parent: str = "", *, took_ms: int | None = None, **data: Any
    ) -> "Script":
        at = START + timedelta(milliseconds=250 * len(self.events))
        self.events.append(Event(kind=kind, at=at, span_id=span, parent_span_id=parent, duration_ms=took_ms, data=data))
        return self


def searching_run() -> Script:
    """Two LLM calls around a search whose first implementation fails; then the critic and the end."""
    script = Script()
    script.tell("run.launched", agent="search", by="ada").tell("run.claimed", attempt=1, worker="w1")
    script.tell("turn.started", "t1")
    script.tell("model.started", "m1", "t1", llm="rehearsal:search", prompt_tokens=900, purpose="turn")
    script.tell(
        "model.ended",
        "m1",
        "t1",
        took_ms=250,
        llm="rehearsal:search",
        status="ok",
        finish="tool_calls",
        input_tokens=1000,
        output_tokens=50,
        cache_read_tokens=10,
    )
    script.tell("charge.booked", "m1", "t1", cost_nanos=2_000_000, run_cost_nanos=2_000_000)
    script.tell("tool.started", "c1", "t1", tool="search_kb", call_id="call-1")
    script.tell("attempt.started", "a1", "c1", implementation="live")
    script.tell("attempt.ended", "a1", "c1", took_ms=200, implementation="live", status="timeout", error="20 s")
    script.tell("tool.fallback", "c1", "t1", tool="search_kb", to="cached", error="timeout")
    script.tell("attempt.started", "a2", "c1", implementation="cached")
    script.tell("attempt.ended", "a2", "c1", took_ms=90, implementation="cached", status="ok")
    script.tell("tool.ended", "c1", "t1", took_ms=1500, status="ok", served_by="cached")
    script.tell("verdict.given", accepted=False, issues=[{"check": "citations", "text": "[2] is not a source"}])
    script.tell("model.started", "m2", "t1", llm="rehearsal:search", prompt_tokens=1200, purpose="turn")
    return script
