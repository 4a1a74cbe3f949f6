"""A row of a run's trace as it is shown: one span, or one remark between spans."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

SpanKind = Literal["llm", "tool", "critic", "memory", "approval", "note", "kill"]

CALM, NOTICE, WARNING, BAD = range(4)


@dataclass(frozen=True, slots=True)
class Span:
    """``duration_ms`` is None while the span is open; ``offset_ms`` counts from the run's first event.

    ``span_id`` is unique within the run and fit for an HTML id: a span's own, or ``e<seq>`` for a remark.
    ``number`` counts the rows of depth 0; ``label`` is what people read: "8", or "8.2" under it.
    ``quiet`` marks an attempt that tells no more than its tool call: the only one, and not failed.
    ``severity`` is that of the worst event of the span and of the spans under it. ``seq`` is the event that made it.
    """

    seq: int
    span_id: str
    parent_span_id: str
    depth: int
    number: int
    label: str
    kind: SpanKind
    title: str
    started_at: datetime
    offset_ms: int
    status: str = "running"
    note: str = ""
    call_id: str = ""
    duration_ms: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    cost_nanos: int | None = None
    running_cost_nanos: int | None = None
    severity: int = CALM
    quiet: bool = False

    @property
    def open(self) -> bool:
        return self.duration_ms is None
