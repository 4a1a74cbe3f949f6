"""Selectors of the rows that somebody looks for in a whole trace: errors, a kind of step, a text."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from itertools import islice
from operator import or_

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from pydantic import JsonValue

from agents.models import EventRow
from console.live.numbering import MAKE_ROWS, numbers_of
from console.live.rows import Beginning
from console.live.span import WARNING, Span
from console.live.trace import Trace

MOST_FOUND = 100
EVENTS_IN_FLIGHT = 20
_KINDS_OF_CALLS = ("tool.started", "call.rejected", "call.blocked", "call.deduped")
_TAKEN_OVER = Q(kind="run.claimed", data__attempt__gte=2)
_ALWAYS_TROUBLE = (
    "model.retried",
    "model.fallback",
    "call.rejected",
    "call.blocked",
    "tool.withdrawn",
    "tool.fallback",
    "hold.refused",
    "effect.unknown",
    "error.raised",
    "kill.requested",
    "approval.decided",
    "run.ended",
)
_TROUBLE = (
    Q(kind__in=_ALWAYS_TROUBLE)
    | Q(kind__in=("model.ended", "attempt.ended"), data__status__in=("failed", "timeout"))
    | Q(kind="tool.ended", data__status__in=("degraded", "blocked", "denied"))
    | Q(kind="model.ended", data__finish__in=("length", "content_filter", "refusal"))
    | Q(kind="charge.booked", data__over_ceiling=True)
    | Q(kind="verdict.given", data__accepted=False)
    | _TAKEN_OVER
)
"""What may make a row a warning or worse; the fold has the last word."""


@dataclass(frozen=True)
class Sought:
    """What is looked for: ``show`` "" is everything, ``text`` "" anything."""

    show: str = ""
    text: str = ""

    def __bool__(self) -> bool:
        return bool(self.show or self.text)

    def takes(self, span: Span) -> bool:
        """Whether a row is of the kind that is asked for."""
        if self.show == "errors":
            return span.severity >= WARNING
        return not self.show or span.kind == self.show


SHOWN = {
    "errors": _TROUBLE,
    "llm": Q(kind="model.started"),
    "tool": Q(kind__in=_KINDS_OF_CALLS),
    "critic": Q(kind="verdict.given"),
}
_OF_SPANS = ("model.", "charge.", "hold.placed", "hold.released", "tool.started", "tool.ended", "tool.fallback")
_OF_MANY = (
    _TAKEN_OVER
    | Q(kind="run.ended")
    | Q(kind__startswith="approval.")
    | Q(kind__startswith="effect.")
    | Q(kind__startswith="kill.")
)
"""Events that may change rows without naming them; a run has few."""


def rows_found(run_id: str, sought: Sought, *, before: int, first_at: datetime | None) -> list[Span]:
    """The newest rows made by events before that one which fit, a hundred at most, in the order of the trace."""
    events = EventRow.objects.filter(run_id=run_id, seq__lt=before)
    matches = _matches(events.filter(SHOWN.get(sought.show, Q())), sought.text)
    named = {row for event in matches for row in _rows_of(event) if row}
    named |= _cut_off(events, [event.seq for event in matches if event.kind == "run.claimed"])
    seqs = [event.seq for event in matches]
    attempts = Q(kind__startswith="attempt.", parent_span_id__in=named)
    told = events.filter(Q(span_id__in=named) | Q(seq__in=seqs) | attempts | _OF_MANY).order_by("seq")
    rows = [row for row in _fold(run_id, list(told), first_at) if sought.takes(row)]
    return [row for row in rows if row.span_id in named] if sought.text else rows


def _rows_of(event: EventRow) -> set[str]:
    """The ids of the rows that an event is about."""
    if event.kind.startswith("attempt."):
        return {event.span_id, event.parent_span_id}
    return {event.span_id} if event.kind.startswith(_OF_SPANS) else {f"e{event.seq}"}


def _cut_off(events: QuerySet[EventRow], taken_over: Sequence[int]) -> set[str]:
    """Rows that a dead worker may have left open: they began shortly before another took over."""
    if not taken_over:
        return set()
    shortly = [Q(seq__gt=seq - EVENTS_IN_FLIGHT, seq__lt=seq) for seq in taken_over]
    began = events.filter(reduce(or_, shortly), kind__endswith=".started").exclude(kind="turn.started")
    return set(began.values_list("span_id", flat=True))


def _matches(events: QuerySet[EventRow], text: str) -> list[EventRow]:
    newest = events.order_by("-seq")
    if not text:
        return list(newest[:MOST_FOUND])
    # JSON is stored with or without escapes, as the database likes; its names of fields are no match.
    plain, escaped = (json.dumps(text, ensure_ascii=ascii_only)[1:-1] for ascii_only in (False, True))
    stored = newest.annotate(stored=Cast("data", TextField()))
    likely = stored.filter(Q(stored__icontains=plain) | Q(stored__icontains=escaped))
    return list(islice((event for event in likely.iterator() if _says(event.data, text.casefold())), MOST_FOUND))


def _says(value: JsonValue, text: str) -> bool:
    if isinstance(value, dict):
        return any(_says(child, text) for child in value.values())
    if isinstance(value, list):
        return any(_says(child, text) for child in value)
    return text in str(value).casefold()


def _fold(run_id: str, events: Sequence[EventRow], first_at: datetime | None) -> list[Span]:
    numbers = numbers_of(run_id, [event.seq for event in events if event.kind in MAKE_ROWS])
    trace = Trace(Beginning(first_at=first_at, numbers=numbers))
    for event in events:
        trace.apply(event.seq, event.to_event())
    return trace.spans
