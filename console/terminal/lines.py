"""An event as one line: of text for people, of JSON for programs."""

import json
import re
from collections.abc import Callable

from agents.contracts.base import JsonObject
from agents.models import EventRow
from budgets.money import format_usd

SHOWN_CHARACTERS = 160
# Whatever an LLM or a tool wrote could otherwise move the cursor or colour the terminal.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]+")


def json_line(event: EventRow) -> str:
    """The whole event, one object a line, plain ASCII."""
    return json.dumps(
        {
            "run": event.run_id,
            "seq": event.seq,
            "kind": event.kind,
            "at": event.at.isoformat(timespec="milliseconds"),
            "turn": event.turn,
            "attempt": event.attempt,
            "span_id": event.span_id,
            "parent_span_id": event.parent_span_id,
            "duration_ms": event.duration_ms,
            "data": event.data,
        },
        separators=(",", ":"),
    )


def text_line(event: EventRow) -> str | None:
    """The event in a few words, or None for those that only repeat what their end says."""
    tell = _WORDS.get(event.kind)
    if tell is None:
        return None
    took = f"  {event.duration_ms} ms" if event.duration_ms is not None else ""
    return f"{event.at:%H:%M:%S}  {event.kind:<18} {plain(tell(event.data))}{took}"


def plain(text: str, limit: int = SHOWN_CHARACTERS) -> str:
    """Hostile text made fit for one line of a terminal."""
    cleaned = _CONTROL.sub(" ", text).strip()
    return cleaned if len(cleaned) <= limit else cleaned[: limit - 1] + "…"


def _fields(*names: str) -> Callable[[JsonObject], str]:
    return lambda data: "  ".join(_shown(data[name]) for name in names if data.get(name) not in (None, "", [], {}))


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _answered(data: JsonObject) -> str:
    if data.get("status") != "ok":
        return _fields("llm", "status", "error", "detail")(data)
    calls = data.get("calls")
    asked = [str(call.get("name")) for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []
    return f"{data.get('llm', '')}  " + (f"calls {', '.join(asked)}" if asked else _fields("text")(data))


def _charged(data: JsonObject) -> str:
    cost, total = data.get("cost_nanos"), data.get("run_cost_nanos")
    parts = [format_usd(nanos) for nanos in (cost, total) if isinstance(nanos, int)]
    return ", in all ".join(parts)


_WORDS: dict[str, Callable[[JsonObject], str]] = {
    "run.launched": _fields("agent", "llm"),
    "run.forked": _fields("origin", "from", "step", "by"),
    "run.claimed": _fields("worker"),
    "run.paused": _fields("state", "reason"),
    "run.resumed": _fields("by"),
    "run.ended": _fields("state", "reason"),
    "memory.compressed": _fields("by", "tokens_before", "tokens_after"),
    "hold.refused": _fields("text"),
    "model.retried": _fields("llm", "error", "detail"),
    "model.fallback": _fields("from", "to", "error"),
    "breaker.tripped": _fields("llm", "reason"),
    "model.ended": _answered,
    "charge.booked": _charged,
    "call.rejected": _fields("tool", "error_type", "fields"),
    "call.corrected": _fields("tool"),
    "call.blocked": _fields("tool", "repeats", "circle"),
    "call.deduped": _fields("tool"),
    "tool.withdrawn": _fields("tool", "rejections"),
    "tool.started": _fields("tool", "arguments"),
    "tool.fallback": _fields("tool", "from", "to", "error"),
    "tool.ended": _fields("tool", "status", "served_by", "output", "reason"),
    "approval.requested": _fields("tool", "preview"),
    "approval.voted": _fields("tool", "by", "yeses", "people", "note"),
    "approval.decided": _fields("tool", "decision", "by", "note"),
    "effect.unknown": _fields("tool"),
    "effect.resolved": _fields("tool", "how", "by"),
    "verdict.given": lambda data: "accepted" if data.get("accepted") else _fields("issues")(data),
    "grade.given": _fields("llm", "score", "least", "reasons"),
    "grade.failed": _fields("llm", "why"),
    "note.added": _fields("text"),
    "kill.requested": _fields("by", "reason"),
    "kill.acknowledged": lambda data: f"after {data.get('after_ms')} ms",
    "error.raised": _fields("where", "error"),
}
