"""Selectors of a trace in windows: a run may have a hundred thousand events, and a page shows some hundreds of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import QuerySet

from agents.models import EventRow
from console.live.found import Sought, rows_found
from console.live.models import LiveEpoch
from console.live.numbering import numbers_of
from console.live.rows import Beginning
from console.live.span import Span
from console.live.trace import Trace

WINDOW_EVENTS = 600
"""Some sixty turns: more than anybody reads at once, and painted in a fraction of a second."""


@dataclass(frozen=True)
class TraceRead:
    """Rows of a trace with the cursor that belongs to them: the page carries both.

    They come from events after ``after`` up to ``upto``. ``newest``: they go on as the run does. ``first_at`` is when
    the run began, whatever the window. ``older`` rows in front of a window were looked for in what is before it.
    """

    seq: int
    epoch: str
    spans: list[Span]
    first_at: datetime | None
    events: Sequence[EventRow]
    after: int
    upto: int
    newest: bool
    older: int = 0

    @property
    def from_ms(self) -> int:
        """Where the time axis begins."""
        return self.spans[0].offset_ms if self.after and self.spans else 0

    @property
    def turns(self) -> tuple[int, int]:
        """The first turn of the window and the last."""
        turns = [event.turn for event in self.events if event.turn]
        return (min(turns), max(turns)) if turns else (0, 0)

    def has(self, seq: int) -> bool:
        """Whether the window has this event."""
        return bool(self.events) and self.after < seq <= self.upto


def newest_window(run_id: str) -> TraceRead:
    """The end of the trace."""
    head = head_of(run_id)
    return _folded(run_id, list(_events(run_id).filter(seq__gte=_start(run_id, head + 1))), newest=True, head=head)


def window_before(run_id: str, seq: int) -> TraceRead:
    """What came just before an event; the first window when there is less than a whole one."""
    start = _start(run_id, seq)
    if start == 1:
        return window_after(run_id, 0)
    return _folded(
        run_id, list(_events(run_id).filter(seq__gte=start, seq__lt=seq)), newest=False, head=head_of(run_id)
    )


def window_after(run_id: str, seq: int) -> TraceRead:
    """What came just after an event; the newest window when that is all there is."""
    head = head_of(run_id)
    if head - seq <= WINDOW_EVENTS:
        return newest_window(run_id)
    events = list(_events(run_id).filter(seq__gt=seq, seq__lte=seq + WINDOW_EVENTS))
    return _folded(run_id, _to_a_turn(events), newest=False, head=head)


def window_around(run_id: str, seq: int) -> TraceRead:
    """The newest window when it has the event, else one with the event in its middle."""
    if seq >= _start(run_id, head_of(run_id) + 1):
        return newest_window(run_id)
    return window_before(run_id, seq + WINDOW_EVENTS // 2)


def found_rows(run_id: str, sought: Sought, *, before: int | None) -> TraceRead:
    """The newest rows of the whole trace that fit; without ``before`` and a text the newest window follows them."""
    window = newest_window(run_id)
    if before is None and not sought.text:
        older = rows_found(run_id, sought, before=window.after + 1) if window.after else []
        return replace(window, spans=[*older, *window.spans], older=len(older))
    rows = rows_found(run_id, sought, before=before or window.seq + 1)
    return replace(window, spans=rows, events=(), after=rows[0].seq - 1 if rows else 0, newest=False, older=len(rows))


def beginning_of_newest(run_id: str) -> Beginning:
    """Where a fold begins that is to go on from the newest window."""
    return _beginning(run_id, _start(run_id, head_of(run_id) + 1))


def head_of(run_id: str) -> int:
    """The number of the run's last event."""
    return EventRow.objects.filter(run_id=run_id).order_by("-seq").values_list("seq", flat=True).first() or 0


def _events(run_id: str) -> QuerySet[EventRow]:
    return EventRow.objects.filter(run_id=run_id).order_by("seq")


def _start(run_id: str, before: int) -> int:
    """The first event of a window that ends before an event: one that begins a turn, unless that would halve it."""
    first = before - WINDOW_EVENTS
    if first <= 1:
        return 1
    turns = _events(run_id).filter(seq__gte=first, seq__lte=first + WINDOW_EVENTS // 2, kind="turn.started")
    return turns.values_list("seq", flat=True).first() or first


def _to_a_turn(events: list[EventRow]) -> list[EventRow]:
    """Without the turn that the window's end would cut, unless that would halve it."""
    half = len(events) // 2
    ends = [index for index, event in enumerate(events) if event.kind == "turn.started" and index > half]
    return events[: ends[-1]] if ends else events


def _beginning(run_id: str, seq: int) -> Beginning:
    if seq == 1:
        return Beginning()
    first_at = _events(run_id).values_list("at", flat=True).first()
    return Beginning(seq - 1, numbers_of(run_id, [seq])[seq] - 1, first_at)


def _folded(run_id: str, events: list[EventRow], *, newest: bool, head: int) -> TraceRead:
    first = events[0].seq if events else 1
    trace = Trace(_beginning(run_id, first))
    for row in events:
        trace.apply(row.seq, row.to_event())
    return TraceRead(
        seq=trace.head if newest else head,
        epoch=LiveEpoch.current(),
        spans=trace.spans,
        first_at=trace.first_at,
        events=events,
        after=first - 1,
        upto=trace.head,
        newest=newest,
    )
