"""One step of the trace in detail: input, output, attempts, cost and raw events. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.models import EventRow
from console.live.span import Span
from console.screens.run.json_tree import Tree, tree_of


@dataclass(frozen=True, slots=True)
class Attempt:
    """One implementation that was tried for a call; ``span_id`` is its own row of the trace."""

    span_id: str
    implementation: str
    status: str
    error: str
    duration_ms: int | None


@dataclass(frozen=True, slots=True)
class Charge:
    """What an LLM call cost, in nano-USD, and by which price; ``hold`` keeps its rates."""

    llm: str
    cost_nanos: int
    price: str
    unreconciled: bool
    over_ceiling: bool
    hold: str = ""


@dataclass(frozen=True, slots=True)
class StepDetail:
    """A span with all that its events say. ``called`` is the tool or LLM that it asked, by name."""

    span: Span
    turn: int
    text: str
    arguments: JsonValue
    output: JsonValue
    calls: list[JsonObject]
    facts: list[tuple[str, str]]
    attempts: list[Attempt]
    charge: Charge | None
    called: str = ""
    raw: list[JsonObject] = field(default_factory=list)

    @property
    def values(self) -> dict[str, tuple[str, JsonValue]]:
        """What it holds as JSON, by the name of its file, with a title; only what there is."""
        raw: list[JsonValue] = [*self.raw]
        calls: list[JsonValue] = [*self.calls]
        found: dict[str, tuple[str, JsonValue]] = {
            "input": ("Input", self.arguments),
            "text": ("Output", self.text or None),
            "calls": ("Calls it asked for", calls or None),
            "output": ("Output", self.output),
            "events": (f"Raw: {len(raw)} event{'' if len(raw) == 1 else 's'}", raw or None),
        }
        return {name: (title, value) for name, (title, value) in found.items() if value is not None}

    @property
    def trees(self) -> list[Tree]:
        """The same as trees to look at; the events come last."""
        return [tree_of(name, title, value) for name, (title, value) in self.values.items()]


# What the panel shows in places of its own, or that only machines read.
_OWN_PLACE = frozenset(
    {"arguments", "output", "text", "calls", "call_id", "hold", "llm", "tool", "status", "reason"}
    | {"characters", "cost_nanos", "run_cost_nanos", "held_nanos"}
    | {"input_tokens", "output_tokens", "cache_read_tokens"}
)
LONGEST_NAME = 200
_SHOWN_KINDS = ("hold.", "charge.")


def step_detail(events: Sequence[EventRow], spans: Iterable[Span], span_id: str) -> StepDetail | None:
    """The detail of one row of the trace; None when the trace has no such row."""
    span = next((span for span in spans if span.span_id == span_id), None)
    if span is None:
        return None
    own = [event for event in events if _belongs(event, span)]
    data = _merged(own)
    return StepDetail(
        span=span,
        turn=own[0].turn if own else 0,
        text=str(data.get("text") or ""),
        arguments=data.get("arguments"),
        output=data.get("output"),
        calls=_objects(data.get("calls")),
        facts=_facts(own),
        attempts=[_attempt(event) for event in _ends(events, span.span_id)],
        charge=next((_charge(event) for event in own if event.kind == "charge.booked"), None),
        called=_called(span, data),
        raw=[_raw(event) for event in own],
    )


def _called(span: Span, data: JsonObject) -> str:
    """What it asked, as long as that can be a name: an LLM may write anything where a tool's name belongs."""
    name = data.get("llm" if span.kind == "llm" else "tool") if span.kind in ("llm", "tool") else ""
    return name if isinstance(name, str) and name.isprintable() and len(name) <= LONGEST_NAME else ""


def _belongs(event: EventRow, span: Span) -> bool:
    if span.span_id == f"e{event.seq}" or (event.span_id and event.span_id == span.span_id):
        return True
    # Approvals and effects have no span: what concerns the same call belongs together.
    return (
        span.kind == "approval"
        and bool(span.call_id)
        and event.data.get("call_id") == span.call_id
        and (event.kind.startswith("approval."))
    )


def _merged(events: Iterable[EventRow]) -> JsonObject:
    merged: JsonObject = {}
    for event in events:
        merged |= event.data
    return merged


def _facts(events: Iterable[EventRow]) -> list[tuple[str, str]]:
    """The plain values that the events carry, the latest of each."""
    found: dict[str, str] = {}
    for event in events:
        if event.kind.startswith(_SHOWN_KINDS):
            continue
        for key, value in event.data.items():
            if key not in _OWN_PLACE and isinstance(value, str | int) and value not in ("", 0):
                found[key.replace("_", " ")] = "yes" if value is True else str(value)
    return list(found.items())


def _ends(events: Iterable[EventRow], span_id: str) -> Iterable[EventRow]:
    return (event for event in events if event.kind == "attempt.ended" and event.parent_span_id == span_id)


def _attempt(event: EventRow) -> Attempt:
    data = event.data
    implementation, status, error = (str(data.get(key) or "") for key in ("implementation", "status", "error"))
    return Attempt(event.span_id, implementation, status, error, event.duration_ms)


def _charge(event: EventRow) -> Charge:
    data = event.data
    cost = data.get("cost_nanos")
    source, version = str(data.get("price_source") or ""), str(data.get("price_version") or "")
    return Charge(
        llm=str(data.get("llm") or ""),
        cost_nanos=cost if isinstance(cost, int) else 0,
        price=" ".join(part for part in (source, version) if part),
        unreconciled=data.get("unreconciled") is True,
        over_ceiling=data.get("over_ceiling") is True,
        hold=str(data.get("hold") or ""),
    )


def _objects(value: JsonValue) -> list[JsonObject]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _raw(event: EventRow) -> JsonObject:
    return {
        "seq": event.seq,
        "kind": event.kind,
        "at": event.at.isoformat(timespec="milliseconds"),
        "turn": event.turn,
        "attempt": event.attempt,
        "span_id": event.span_id,
        "parent_span_id": event.parent_span_id,
        "duration_ms": event.duration_ms,
        "data": event.data,
    }
