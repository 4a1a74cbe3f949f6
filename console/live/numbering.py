"""The numbers of a trace's rows, counted by the database as the fold counts them."""

from collections.abc import Collection

from django.db.models import Count, F, Func, IntegerField, Q, Subquery

from agents.models import EventRow

_ALWAYS = (
    "model.started",
    "tool.started",
    "call.rejected",
    "call.blocked",
    "call.deduped",
    "tool.withdrawn",
    "hold.refused",
    "memory.compressed",
    "approval.requested",
    "effect.unknown",
    "verdict.given",
    "note.added",
    "kill.requested",
    "run.resumed",
    "error.raised",
)
MAKE_ROWS = (*_ALWAYS, "run.claimed", "run.paused", "run.ended")
"""Kinds of event that make a row of their own, not one under another."""
_NUMBERED = (
    Q(kind__in=_ALWAYS)
    | (Q(kind="run.claimed") & (Q(data__attempt__gte=2) | Q(attempt__gte=2)))
    | (Q(kind="run.paused") & ~Q(data__state="waiting_approval"))
)
"""Such events themselves; the run's end needs no counting, since nothing comes after it."""


def numbers_of(run_id: str, seqs: Collection[int]) -> dict[int, int]:
    """The number of the row that each of these events makes, were it one that makes a row."""
    counts = {f"to_{seq}": Count("seq", filter=Q(seq__lt=seq)) for seq in seqs}
    if not counts:
        return {}
    before = EventRow.objects.filter(_NUMBERED, run_id=run_id, seq__lt=max(seqs)).aggregate(**counts)
    return {seq: before[f"to_{seq}"] + 1 for seq in seqs}


def rows_before(run_id: str, seq: int) -> Subquery:
    """How many rows the trace has before an event, for an annotation; the database counts them once."""
    count = Func(F("seq"), function="COUNT", output_field=IntegerField())
    earlier = EventRow.objects.filter(_NUMBERED, run_id=run_id, seq__lt=seq)
    return Subquery(earlier.order_by().annotate(counted=count).values("counted"))


def makes_row(event: EventRow) -> bool:
    """Whether an event makes a row that is counted, as the database says it."""
    if event.kind == "run.claimed":
        again = event.data.get("attempt")
        return event.attempt >= 2 or (isinstance(again, int) and again >= 2)
    if event.kind == "run.paused":
        return bool(event.data.get("state") != "waiting_approval")
    return event.kind in _ALWAYS


def row_of(event: EventRow) -> str:
    """The row that an event is about, by its kind alone, "" for none; an attempt is looked up at its tool call."""
    if event.kind == "attempt.ended":
        return event.parent_span_id
    if event.kind.startswith(("model.", "tool.ended", "tool.fallback", "charge.")):
        return event.span_id
    if event.kind in _ALWAYS or event.kind == "run.ended" or makes_row(event):
        return f"e{event.seq}"
    return ""


def birth_of(run_id: str, row: str) -> int:
    """The event that made a row; 0 when the run has no such row."""
    if not (row.isascii() and row.isalnum()):
        return 0  # an address may say anything, also what a database refuses to look for
    events = EventRow.objects.filter(run_id=run_id).order_by("seq").values_list("seq", flat=True)
    if row[:1] == "e" and row[1:].isdecimal() and len(row) < 10:
        return events.filter(seq=int(row[1:])).first() or 0
    return events.filter(span_id=row, kind__endswith=".started").exclude(kind="turn.started").first() or 0
