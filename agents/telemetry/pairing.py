"""Starts and ends of committed events become spans: a run, its stretches, their turns, and the calls in them."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from agents.contracts.base import JsonObject
from agents.contracts.events import Event
from agents.telemetry import attributes
from agents.telemetry.span import Attributes, Remark, Span, launched_at, point_id, root_id, stretch_id

MOST_RUNS = 2_000
MOST_OPEN, MOST_REMARKS = 500, 200
BAD_ENDS = frozenset({"failed", "dead", "refused"})
BAD_STATUSES = frozenset({"failed", "timeout", "degraded", "error", "refused"})
UNSAID = frozenset({"hold.placed", "hold.released", "checkpoint.saved"})
"""Holds end in a charge or in nothing; a checkpoint is the step that another event tells of."""


@dataclass(slots=True)
class Stretch:
    """One worker's work on a run, as far as this process has heard of it."""

    run: Attributes
    agent: Attributes
    span: Span
    turn: Span | None = None
    open: dict[str, Span] = field(default_factory=dict)
    cost_nanos: int | None = None


class Pairing:
    """Keeps what has started. What never ends (its worker died) is forgotten, oldest run first."""

    def __init__(self, *, content: bool) -> None:
        self._content = content
        self._runs: OrderedDict[str, Stretch] = OrderedDict()
        self._ended: dict[str, Span] = {}

    def take(self, events: Sequence[tuple[str, int, Event]]) -> list[Span]:
        """The spans that these events, of one commit, finish; a charge follows its call in the same commit."""
        self._ended = {}
        for run_id, seq, event in events:
            self._take(run_id, seq, event)
        return list(self._ended.values())

    def _take(self, run_id: str, seq: int, event: Event) -> None:
        stretch = self._runs.get(run_id)
        if event.kind == "run.claimed":
            self._claimed(run_id, event)
        elif event.kind in ("run.ended", "run.paused"):
            self._stopped(run_id, event, stretch)
        elif event.kind == "turn.started" and stretch is not None:
            self._turn(run_id, event, stretch)
        elif event.duration_ms is not None:
            self._finish(run_id, event, stretch)
        elif event.kind.endswith(".started") and event.span_id:
            self._start(run_id, event, stretch)
        elif event.kind not in UNSAID:
            self._remark(run_id, seq, event, stretch)

    def _claimed(self, run_id: str, event: Event) -> None:
        about = attributes.of_run(event.data)
        epoch = event.data.get("epoch")
        span = Span(
            run_id=run_id,
            span_id=stretch_id(run_id, epoch if isinstance(epoch, int) else 0),
            parent_id=root_id(run_id),
            name="stretch",
            started_at=event.at,
            ended_at=event.at,
            attributes=attributes.of_point(event, content=False),
        )
        self._runs.pop(run_id, None)
        self._runs[run_id] = Stretch(about, attributes.of_agent(event.data), span)
        if len(self._runs) > MOST_RUNS:
            self._runs.popitem(last=False)

    def _turn(self, run_id: str, event: Event, stretch: Stretch) -> None:
        self._close(stretch.turn, event.at, stretch)
        stretch.turn = Span(
            run_id=run_id,
            span_id=event.span_id,
            parent_id=stretch.span.span_id,
            name="turn",
            started_at=event.at,
            ended_at=event.at,
            attributes={"watchfloor.turn": event.turn},
        )

    def _start(self, run_id: str, event: Event, stretch: Stretch | None) -> None:
        if stretch is None:
            return  # the end says enough
        if len(stretch.open) >= MOST_OPEN:
            stretch.open.pop(next(iter(stretch.open)))
        stretch.open[event.span_id] = self._span(run_id, event, stretch)

    def _finish(self, run_id: str, event: Event, stretch: Stretch | None) -> None:
        started = stretch.open.pop(event.span_id, None) if stretch is not None else None
        span = started or self._span(run_id, event, stretch)
        if started is None:
            span.started_at = event.at - timedelta(milliseconds=event.duration_ms or 0)
        data = event.data
        status = str(data.get("status", ""))
        if event.kind == "model.ended":
            span.attributes |= attributes.of_llm_answer(data, content=self._content)
            error = str(data.get("error") or status)
        else:
            span.attributes |= attributes.of_tool_result(data, content=self._content)
            error = status
        if event.kind == "verdict.given":
            span.attributes |= attributes.of_point(event, content=self._content)
        if status in BAD_STATUSES:
            span.error = error
            span.described = self._described(data, "detail", "error", "reason")
        self._close(span, event.at, stretch)

    def _span(self, run_id: str, event: Event, stretch: Stretch | None) -> Span:
        """A span as its start tells of it, or its end when nobody heard the start."""
        data = event.data
        span = Span(
            run_id=run_id,
            span_id=event.span_id,
            parent_id=_parent(run_id, event, stretch),
            name=event.kind.partition(".")[0],
            started_at=event.at,
            ended_at=event.at,
        )
        if event.kind.startswith("model."):
            llm = str(data.get("asked", data.get("llm")))
            span.name, span.kind = f"chat {attributes.provider_and_name(llm)[1]}", "client"
            span.attributes = attributes.of_llm_call(llm, data)
        elif event.kind.startswith("tool."):
            span.name = f"execute_tool {attributes.attribute(data.get('tool'))}"
            span.attributes = attributes.of_tool_call(data, content=self._content)
        elif event.kind.startswith("attempt."):
            span.attributes = attributes.of_point(event, content=False) | {"watchfloor.attempt": event.attempt}
        span.attributes["watchfloor.turn"] = event.turn
        return span

    def _stopped(self, run_id: str, event: Event, stretch: Stretch | None) -> None:
        """The end of a stretch, and of the run when it is over."""
        self._runs.pop(run_id, None)
        state = str(event.data.get("state", ""))
        if stretch is not None:
            self._close(stretch.turn, event.at, stretch)
            stretch.span.attributes["watchfloor.state"] = state
            self._close(stretch.span, event.at, stretch)
        if event.kind == "run.ended":
            self._close(self._run(run_id, event, state, stretch), event.at, stretch)

    def _run(self, run_id: str, event: Event, state: str, stretch: Stretch | None) -> Span:
        span = Span(run_id, root_id(run_id), "", "invoke_agent", launched_at(run_id), event.at)
        span.attributes = {"gen_ai.operation.name": "invoke_agent", "watchfloor.state": state}
        if stretch is not None:
            span.attributes |= stretch.agent
            span.name = f"invoke_agent {stretch.agent.get('gen_ai.agent.name', '')}".strip()
            if stretch.cost_nanos is not None:
                span.attributes["watchfloor.run_cost_nanos"] = stretch.cost_nanos
        if self._content:
            span.attributes |= attributes.of_point(event, content=True)
        if state in BAD_ENDS:
            span.error, span.described = state, self._described(event.data, "reason")
        return span

    def _remark(self, run_id: str, seq: int, event: Event, stretch: Stretch | None) -> None:
        """Something within a span that is open or has just ended; else it stands alone under the run."""
        told = attributes.of_point(event, content=self._content)
        if event.kind.startswith("model.") and "error" in event.data:
            told["error.type"] = str(event.data["error"])
        span = self._around(event, stretch)
        if event.kind == "charge.booked":
            self._charge(span, event, stretch)
        if span is None:
            alone = Span(run_id, point_id(run_id, seq), root_id(run_id), event.kind, event.at, event.at)
            alone.attributes = told
            self._close(alone, event.at, stretch)
        elif len(span.remarks) < MOST_REMARKS:
            span.remarks.append(Remark(event.kind, event.at, told))

    def _charge(self, span: Span | None, event: Event, stretch: Stretch | None) -> None:
        cost, so_far = event.data.get("cost_nanos"), event.data.get("run_cost_nanos")
        if span is not None and isinstance(cost, int):
            before = span.attributes.get("watchfloor.cost_nanos", 0)
            span.attributes["watchfloor.cost_nanos"] = cost + (before if isinstance(before, int) else 0)
        if stretch is not None and isinstance(so_far, int):
            stretch.cost_nanos = so_far

    def _around(self, event: Event, stretch: Stretch | None) -> Span | None:
        if event.span_id in self._ended:
            return self._ended[event.span_id]
        if stretch is None:
            return None
        if event.span_id in stretch.open:
            return stretch.open[event.span_id]
        turn = stretch.turn
        return turn if turn is not None and turn.span_id == event.span_id else stretch.span

    def _close(self, span: Span | None, at: datetime, stretch: Stretch | None) -> None:
        if span is None:
            return
        span.ended_at = max(at, span.started_at)
        span.attributes |= stretch.run if stretch is not None else {}
        span.attributes["watchfloor.run_id"] = span.run_id
        if span.error:
            span.attributes["error.type"] = span.error
        self._ended[span.span_id] = span

    def _described(self, data: JsonObject, *names: str) -> str:
        """The first of these texts that there is; "" without content."""
        texts = (data.get(name) for name in names)
        return next((str(attributes.attribute(text)) for text in texts if text), "") if self._content else ""


def _parent(run_id: str, event: Event, stretch: Stretch | None) -> str:
    """As the event says. A stretch that goes on in the middle of a turn has no event of it: its calls are its own."""
    parent = event.parent_span_id
    if stretch is None:
        return parent or root_id(run_id)
    known = parent in stretch.open or (stretch.turn is not None and stretch.turn.span_id == parent)
    return parent if known else stretch.span.span_id
