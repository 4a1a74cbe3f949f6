"""The numbers of a trace's rows, counted by the database as the fold counts them."""

from collections.abc import Collection, Mapping
from functools import reduce
from operator import or_

from django.db.models import Count, Q

from agents.models import EventRow

EVENTS_OF_A_SPAN = 300
"""A span ends within so many events, or its cause is shown without a way to its row."""
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


def rows_of(run_id: str, told: Mapping[int, str]) -> dict[str, int]:
    """The rows that these events are about, by the row's id, with their numbers; ``told`` has the events' spans."""
    began = [Q(seq__gt=seq - EVENTS_OF_A_SPAN, seq__lte=seq, span_id=span) for seq, span in told.items() if span]
    of_spans = reduce(or_, began, Q(pk__in=[])) & Q(kind__in=("model.started", "tool.started"))
    events = EventRow.objects.filter(run_id=run_id)
    found = events.filter(of_spans | (_NUMBERED & Q(seq__in=told))).values_list("seq", "kind", "span_id")
    made = {seq: span if kind.endswith(".started") else f"e{seq}" for seq, kind, span in found}
    return {made[seq]: number for seq, number in numbers_of(run_id, list(made)).items()}


def birth_of(run_id: str, row: str) -> int:
    """The event that made a row; 0 when the run has no such row."""
    if not (row.isascii() and row.isalnum()):
        return 0  # an address may say anything, also what a database refuses to look for
    events = EventRow.objects.filter(run_id=run_id).order_by("seq").values_list("seq", flat=True)
    if row[:1] == "e" and row[1:].isdecimal() and len(row) < 10:
        return events.filter(seq=int(row[1:])).first() or 0
    return events.filter(span_id=row, kind__endswith=".started").exclude(kind="turn.started").first() or 0
