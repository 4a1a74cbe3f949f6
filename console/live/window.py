"""Selectors of a trace in windows: a run may have a hundred thousand events, and a page shows some hundreds of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import QuerySet

from agents.models import EventRow
from console.live.found import Sought, rows_found
from console.live.models import LiveEpoch
from console.live.numbering import makes_row, numbers_of, rows_before
from console.live.rows import Beginning
from console.live.span import Span
from console.live.trace import Trace

WINDOW_EVENTS = 600
"""Some sixty turns: more than anybody reads at once, and painted in a fraction of a second."""


@dataclass(frozen=True)
class TraceRead:
    """Rows of a trace with the cursor that belongs to them: the page carries both.

    ``seq`` is as far as the run's own row was read, which is before its events were: what ended the run in between has
    its row here already, and comes once more with what it changed elsewhere on the page.

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

    @property
    def whole(self) -> bool:
        """Whether its events are all that the trace has."""
        return self.newest and self.after == 0

    def has(self, seq: int) -> bool:
        """Whether the window has this event."""
        return bool(self.events) and self.after < seq <= self.upto


@dataclass(frozen=True)
class Head:
    """What is known of a run before its trace is read: its last event, when it began, and the feed's epoch."""

    run_id: str
    seq: int
    first_at: datetime | None
    epoch: str


def head_of(run_id: str) -> Head:
    """Read by itself, for those who have no row of the run that tells it."""
    first_at = _events(run_id).values_list("at", flat=True).first()
    return Head(run_id, last_seq(run_id), first_at, LiveEpoch.current())


def newest_window(head: Head) -> TraceRead:
    """The end of the trace, with what came since the head was read."""
    skipped, events = _from_a_turn(_read(head, head.seq + 1 - WINDOW_EVENTS))
    return _folded(head, events, newest=True, skipped=skipped)


def window_before(head: Head, seq: int) -> TraceRead:
    """What came just before an event; the first window when there is less than a whole one."""
    if seq - WINDOW_EVENTS <= 1:
        return window_after(head, 0)
    skipped, events = _from_a_turn(_read(head, seq - WINDOW_EVENTS, until=seq))
    return _folded(head, events, newest=False, skipped=skipped)


def window_after(head: Head, seq: int) -> TraceRead:
    """What came just after an event; the newest window when that is all there is."""
    if head.seq - seq <= WINDOW_EVENTS:
        return newest_window(head)
    events = _read(head, seq + 1, until=seq + 1 + WINDOW_EVENTS)
    return _folded(head, _to_a_turn(events), newest=False)


def window_around(head: Head, seq: int) -> TraceRead:
    """The newest window when it has the event, else one with the event in its middle."""
    if seq > head.seq - WINDOW_EVENTS and (newest := newest_window(head)).has(seq):
        return newest
    return window_before(head, seq + WINDOW_EVENTS // 2)


def found_rows(head: Head, sought: Sought, *, before: int | None) -> TraceRead:
    """The newest rows of the whole trace that fit; without ``before`` and a text the newest window follows them."""
    if before is None and not sought.text:
        window = newest_window(head)
        older = rows_found(head.run_id, sought, before=window.after + 1, first_at=head.first_at) if window.after else []
        return replace(window, spans=[*older, *window.spans], older=len(older))
    rows = rows_found(head.run_id, sought, before=before or head.seq + 1, first_at=head.first_at)
    nothing = _folded(head, [], newest=False)
    return replace(nothing, spans=rows, after=rows[0].seq - 1 if rows else 0, upto=head.seq, older=len(rows))


def beginning_of_newest(run_id: str) -> Beginning:
    """Where a fold begins that is to go on from the newest window."""
    first = last_seq(run_id) + 1 - WINDOW_EVENTS
    if first <= 1:
        return Beginning()
    turns = _events(run_id).filter(seq__gte=first, seq__lte=first + WINDOW_EVENTS // 2, kind="turn.started")
    seq = turns.values_list("seq", flat=True).first() or first
    first_at = _events(run_id).values_list("at", flat=True).first()
    return Beginning(seq - 1, numbers_of(run_id, [seq])[seq] - 1, first_at)


def last_seq(run_id: str) -> int:
    """The number of the run's last event."""
    return EventRow.objects.filter(run_id=run_id).order_by("-seq").values_list("seq", flat=True).first() or 0


def _events(run_id: str) -> QuerySet[EventRow]:
    return EventRow.objects.filter(run_id=run_id).order_by("seq")


def _read(head: Head, first: int, *, until: int | None = None) -> list[EventRow]:
    """Events from ``first`` on; each knows how many rows the trace has before that, which is counted once."""
    events = _events(head.run_id)
    if until is not None:
        events = events.filter(seq__lt=until)
    if first <= 1:
        return list(events)
    return list(events.filter(seq__gte=first).annotate(rows_before=rows_before(head.run_id, first)))


def _from_a_turn(events: list[EventRow]) -> tuple[list[EventRow], list[EventRow]]:
    """Without what the window's beginning cut off a turn, unless that would halve it; a whole trace is not cut."""
    if not events or events[0].seq == 1:
        return [], events
    starts = (place for place, event in enumerate(events[: WINDOW_EVENTS // 2 + 1]) if event.kind == "turn.started")
    cut = next(starts, 0)
    return events[:cut], events[cut:]


def _to_a_turn(events: list[EventRow]) -> list[EventRow]:
    """Without the turn that the window's end would cut, unless that would halve it."""
    half = len(events) // 2
    ends = [index for index, event in enumerate(events) if event.kind == "turn.started" and index > half]
    return events[: ends[-1]] if ends else events


def _folded(head: Head, events: list[EventRow], *, newest: bool, skipped: Sequence[EventRow] = ()) -> TraceRead:
    first = events[0].seq if events else 1
    before = getattr(events[0], "rows_before", 0) if events else 0
    first_at = head.first_at if first > 1 else None
    trace = Trace(Beginning(first - 1, before + sum(makes_row(event) for event in skipped), first_at))
    for row in events:
        trace.apply(row.seq, row.to_event())
    return TraceRead(
        seq=head.seq,
        epoch=head.epoch,
        spans=trace.spans,
        first_at=trace.first_at,
        events=events,
        after=first - 1,
        upto=trace.head,
        newest=newest,
    )
