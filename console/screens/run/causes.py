"""The causes in a whole trace, however long: events that are alike are counted by the database, and one is read."""

from django.db.models import Case, Count, Min, TextField, Value, When
from django.db.models.expressions import Combinable

from agents.models import EventRow, Run
from console.live.json_text import JsonText
from console.live.numbering import rows_of
from console.live.span import Span
from console.screens.run.why import ALIKE, Finding, located, tells, why

MOST_KINDS = 200
"""Of causes that an LLM or a tool words anew each time the first ones tell enough."""
_MAY_BE_CALM = ("model.ended", "attempt.ended", "tool.ended")


def causes_of(run: Run, spans: list[Span]) -> list[Finding]:
    """Why the run is where it is, with the row that each cause is about, whether it is among these spans or not."""
    alike = (
        EventRow.objects.filter(run=run, kind__in=ALIKE)
        .annotate(status=JsonText("data", "status"))
        .exclude(kind__in=_MAY_BE_CALM, status="ok")
        .annotate(by_0=_told_by(0), by_1=_told_by(1), by_2=_told_by(2))
        .values("kind", "by_0", "by_1", "by_2")
        .annotate(first=Min("seq"), times=Count("seq"))
    )
    times = dict(alike.order_by(_RANK, "first").values_list("first", "times")[:MOST_KINDS])
    events = EventRow.objects.filter(run=run, seq__in=times).order_by("seq")
    return _with_rows(run, why([event for event in events if tells(event.kind, event.data)], times), spans)


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


def _with_rows(run: Run, findings: list[Finding], spans: list[Span]) -> list[Finding]:
    labels = {span.span_id: span.label for span in spans}
    shown = frozenset(labels)
    lost = [finding for finding in findings if not {f"e{finding.seq}", finding.span_id} & shown]
    if lost:
        numbers = rows_of(run.pk, [finding.seq for finding in lost], [finding.span_id for finding in lost])
        labels |= {row: str(number) for row, number in numbers.items()}
    return located(findings, labels, shown=shown)
