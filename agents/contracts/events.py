"""Events: every state transition of a run, start and end."""

from datetime import datetime
from typing import Literal

from agents.contracts.base import Contract, JsonObject

EventKind = Literal[
    "run.launched",
    "run.claimed",
    "run.forked",
    "run.handed_on",
    "run.resumed",
    "run.paused",
    "run.ended",
    "turn.started",
    "memory.compressed",
    "hold.placed",
    "hold.refused",
    "hold.released",
    "model.started",
    "model.retried",
    "model.fallback",
    "model.ended",
    "breaker.tripped",
    "charge.booked",
    "call.rejected",
    "call.corrected",
    "call.blocked",
    "call.deduped",
    "tool.withdrawn",
    "tool.started",
    "tool.fallback",
    "attempt.started",
    "attempt.ended",
    "tool.ended",
    "approval.requested",
    "approval.voted",
    "approval.decided",
    "effect.unknown",
    "effect.resolved",
    "verdict.given",
    "grade.given",
    "grade.failed",
    "note.added",
    "kill.requested",
    "kill.acknowledged",
    "kill.forced",
    "checkpoint.saved",
    "error.raised",
]


class Event(Contract):
    """A fact with its place in the trace; the recorder gives it the run's next sequence number.

    ``parent_span_id`` nests attempts under their tool call and calls under their turn. ``duration_ms`` is set on
    the end of what has a start.
    """

    kind: EventKind
    at: datetime
    turn: int = 0
    attempt: int = 0
    span_id: str = ""
    parent_span_id: str = ""
    duration_ms: int | None = None
    data: JsonObject = {}
