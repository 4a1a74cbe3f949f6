"""What a whole trace tells, however long: events that are alike are counted by the database, and one is read."""

from dataclasses import dataclass

from django.db.models import Case, Count, Min, TextField, Value, When
from django.db.models.expressions import Combinable

from agents.models import EventRow, Run
from console.live.json_text import JsonText
from console.live.numbering import rows_of
from console.live.span import Span
from console.screens.run.why import ALIKE, Finding, located, tells, why

MOST_KINDS = 200
"""Of causes that an LLM or a tool words anew each time the first ones tell enough."""


@dataclass(frozen=True, slots=True)
class Told:
    """Why a run is where it is, and the LLMs that answered in it, in the order of their first answer."""

    findings: list[Finding]
    served: list[str]


def read_told(run: Run, spans: list[Span]) -> Told:
    """One look at the whole trace; each cause with its row, whether that is among these spans or not."""
    alike = (
        EventRow.objects.filter(run=run, kind__in=ALIKE)
        .annotate(status=JsonText("data", "status"))
        .exclude(kind__in=("attempt.ended", "tool.ended"), status="ok")
        .annotate(by_0=_told_by(0), by_1=_told_by(1), by_2=_told_by(2))
        .values("kind", "by_0", "by_1", "by_2")
        .annotate(first=Min("seq"), times=Count("seq"))
    )
    kinds = list(alike.order_by(_RANK, "first")[:MOST_KINDS])
    times = {kind["first"]: kind["times"] for kind in kinds}
    events = EventRow.objects.filter(run=run, seq__in=times).order_by("seq")
    findings = why([event for event in events if tells(event.kind, event.data)], times)
    answers = (kind for kind in kinds if (kind["kind"], kind["by_0"]) == ("model.ended", "ok"))
    return Told(_with_rows(run, findings, spans), [kind["by_2"] for kind in answers if kind["by_2"]])


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
        numbers = rows_of(run.pk, {finding.seq: finding.span_id for finding in lost})
        labels |= {row: str(number) for row, number in numbers.items()}
    return located(findings, labels, shown=shown)
