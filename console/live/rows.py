"""The rows of a trace while it is being folded: opening, changing and closing spans."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from agents.contracts.events import Event
from console.live.span import CALM, Span, SpanKind

NOTE_LENGTH = 300


@dataclass(frozen=True, slots=True)
class Change:
    """A span with the sequence numbers of the event that made it and of the last one that changed it."""

    span: Span
    born_seq: int
    touched_seq: int


@dataclass(frozen=True)
class Beginning:
    """Where a fold begins: behind event ``seq`` and so many rows, in a run whose first event was at ``first_at``.

    ``numbers`` are those of rows that do not follow the row before them, by the event that makes the row.
    """

    seq: int = 0
    rows: int = 0
    first_at: datetime | None = None
    numbers: Mapping[int, int] = field(default_factory=dict)


class Rows:
    """Rows in the order in which they appeared; a row never moves, and goes only when it is ``forgotten`` for its age.

    ``known_from`` is the event from which on every change of a row is known here.
    """

    def __init__(self, begin: Beginning | None = None) -> None:
        self.begin = begin or Beginning()
        self.head = self.known_from = self.begin.seq
        self.first_at = self.begin.first_at
        self._changes: dict[str, Change] = {}
        self._number = self.begin.rows
        self._children: dict[str, list[str]] = {}

    @property
    def spans(self) -> list[Span]:
        return [change.span for change in self._changes.values()]

    def changes_after(self, seq: int) -> Iterator[Change]:
        """The rows that an event after ``seq`` made or changed, in the order of the trace."""
        return (change for change in self._changes.values() if change.touched_seq > seq)

    def find(self, span_id: str) -> Span | None:
        change = self._changes.get(span_id)
        return change.span if change else None

    def last(self, kind: SpanKind, *, call_id: str | None = None) -> Span | None:
        """The newest row of a kind, if asked only among those of one call."""
        rows = (change.span for change in reversed(self._changes.values()))
        return next((row for row in rows if row.kind == kind and call_id in (None, row.call_id)), None)

    def forget(self, kept: int) -> None:
        """Let go of ended rows before the newest ``kept``: a run may go on for days."""
        old = list(self._changes.values())[:-kept]
        for change in old:
            if not change.span.open:
                del self._changes[change.span.span_id]
                self._children.pop(change.span.span_id, None)
                self.known_from = max(self.known_from, change.touched_seq)

    def open(self, event: Event, kind: SpanKind, title: str, **more: Any) -> Span:
        """A row for a span that begins; the same span again is the row that is there."""
        span_id = event.span_id or f"e{self.head}"
        return self.find(span_id) or self._add(event, span_id, kind, title, more)

    def remark(self, event: Event, kind: SpanKind, title: str, **more: Any) -> Span:
        """A row for something that takes no time."""
        return self._add(event, f"e{self.head}", kind, title, {"duration_ms": event.duration_ms or 0, **more})

    def wait(self, event: Event, kind: SpanKind, title: str, **more: Any) -> Span:
        """A row for something that lasts until another event, and has no span of its own."""
        return self._add(event, f"e{self.head}", kind, title, more)

    def change(self, span: Span, **fields: Any) -> Span:
        """Replace fields of a row; its severity only rises, and is passed on to what it is part of."""
        present = self._changes[span.span_id]
        fields["severity"] = max(present.span.severity, fields.get("severity", CALM))
        changed = replace(present.span, **fields)
        if changed != present.span:
            self._changes[span.span_id] = replace(present, span=changed, touched_seq=self.head)
        parent = self.find(changed.parent_span_id)
        if parent and parent.severity < changed.severity:
            self.change(parent, severity=changed.severity)
        return changed

    def note(self, span: Span, note: str, **fields: Any) -> Span:
        """Add a note to a row behind those that are there."""
        notes = self._changes[span.span_id].span.note
        joined = note if not notes else notes if note in notes else f"{notes} · {note}"
        return self.change(span, note=joined[:NOTE_LENGTH], **fields)

    def close(self, span: Span, event: Event, **fields: Any) -> Span:
        """The row's end: as long as the event says, else as the clock says."""
        lasted = event.duration_ms
        if lasted is None:
            lasted = max(0, milliseconds(event.at, span.started_at))
        return self.change(span, duration_ms=lasted, **fields)

    def _add(self, event: Event, span_id: str, kind: SpanKind, title: str, more: dict[str, Any]) -> Span:
        parent = self.find(event.parent_span_id)
        depth, number, label = self._place(parent)
        span = Span(
            seq=self.head,
            span_id=span_id,
            parent_span_id=event.parent_span_id,
            depth=depth,
            number=number,
            label=label,
            kind=kind,
            title=title,
            started_at=event.at,
            offset_ms=max(0, milliseconds(event.at, self.first_at or event.at)),
            **more,
        )
        self._changes[span_id] = Change(span, self.head, self.head)
        if parent:
            self._children.setdefault(parent.span_id, []).append(span_id)
        return self.change(span)

    def _place(self, parent: Span | None) -> tuple[int, int, str]:
        if parent is None:
            self._number = self.begin.numbers.get(self.head, self._number + 1)
            return 0, self._number, str(self._number)
        return parent.depth + 1, parent.number, f"{parent.label}.{len(self._children.get(parent.span_id, ())) + 1}"

    def siblings(self, span: Span) -> list[Span]:
        """The other spans under the same parent."""
        under = self._children.get(span.parent_span_id, [])
        return [self._changes[each].span for each in under if each != span.span_id and each in self._changes]


def milliseconds(later: datetime, earlier: datetime) -> int:
    """Whole milliseconds from one moment to another."""
    between = later - earlier
    return between.days * 86_400_000 + between.seconds * 1000 + between.microseconds // 1000
