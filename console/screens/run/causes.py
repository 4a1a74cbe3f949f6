"""What a whole trace tells, however long: read on the page when all of it is there, else counted by the database."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Case, Count, TextField, Value, When, Window
from django.db.models.expressions import Combinable
from django.db.models.functions import RowNumber

from agents.models import EventRow, Run
from console.live.json_text import JsonText
from console.live.numbering import row_of
from console.live.served import served_by
from console.live.window import TraceRead
from console.screens.run.why import ALIKE, Finding, located, tells, why

MOST_KINDS = 200
"""Of causes that an LLM or a tool words anew each time the first ones tell enough."""


@dataclass(frozen=True, slots=True)
class Told:
    """Why a run is where it is, and the LLMs that answered in it, in the order of their first answer.

    ``events`` are those that it was read from: all of a trace, or the first of each kind.
    """

    findings: list[Finding]
    served: list[str]
    events: Sequence[EventRow]


def read_told(run: Run, read: TraceRead) -> Told:
    """Each cause with its row, whether that is on the page or not; no query when the page has the whole trace."""
    if read.whole:
        return _told(read.events, read, {})
    alike = _alike(run)
    events = sorted((event for event, _ in alike), key=lambda event: event.seq)
    return _told(events, read, {event.seq: times for event, times in alike})


def _told(events: Sequence[EventRow], read: TraceRead, times: dict[int, int]) -> Told:
    causes = [event for event in events if tells(event.kind, event.data)]
    labels = {span.span_id: f"step {span.label}" for span in read.spans}
    elsewhere = {event.seq: (row_of(event), f"turn {event.turn:,}" if event.turn else "there") for event in causes}
    findings = located(why(causes, times), labels, elsewhere)
    return Told(findings, list(dict.fromkeys(_served(events))), events)


def _served(events: Iterable[EventRow]) -> Iterable[str]:
    return (llm for event in events for llm in served_by(event.kind, event.data))


def _alike(run: Run) -> list[tuple[EventRow, int]]:
    """The first event of each kind of cause, with how many are like it; the gravest kinds, in one query."""
    told_by = ("kind", "by_0", "by_1", "by_2")
    events = (
        EventRow.objects.filter(run=run, kind__in=ALIKE)
        .annotate(status=JsonText("data", "status"))
        .exclude(kind__in=("attempt.ended", "tool.ended"), status="ok")
        .annotate(by_0=_told_by(0), by_1=_told_by(1), by_2=_told_by(2))
        .annotate(place=Window(RowNumber(), partition_by=told_by, order_by="seq"))
        .annotate(times=Window(Count("seq"), partition_by=told_by))
    )
    firsts = events.filter(place=1).order_by(_RANK, "seq")[:MOST_KINDS]
    return [(event, event.times) for event in firsts]


_RANK = Case(
    When(kind__in=("run.paused", "kill.requested"), then=Value(2)),
    When(
        kind__in=("model.ended", "attempt.ended", "hold.refused", "error.raised", "effect.unknown", "run.ended"),
        then=Value(0),
    ),
    default=Value(1),
)


def _told_by(place: int) -> Combinable:
    """The part at one place of what the kind of an event is told apart by."""
    parts = [
        When(kind=kind, then=JsonText("data", names[place])) for kind, names in ALIKE.items() if len(names) > place
    ]
    return Case(*parts, default=Value(""), output_field=TextField())
