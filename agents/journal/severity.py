"""How bad an event is; a run is as bad as its worst."""

from agents.contracts.events import Event

CALM, NOTICE, WARN, BAD = 0, 1, 2, 3
WARNINGS = frozenset(
    {
        "model.retried",
        "model.fallback",
        "breaker.tripped",
        "call.rejected",
        "call.blocked",
        "tool.withdrawn",
        "tool.fallback",
        "hold.refused",
        "effect.unknown",
    }
)
BAD_STATUSES = frozenset({"failed", "timeout"})
BAD_ENDS = frozenset({"failed", "dead", "refused"})


def of_event(event: Event) -> int:
    """0 calm, 1 notice, 2 warning, 3 bad."""
    data = event.data
    if event.kind == "error.raised":
        return BAD
    if event.kind in ("model.ended", "attempt.ended"):
        return BAD if data.get("status") in BAD_STATUSES else CALM
    if event.kind == "run.ended":
        if data.get("state") in BAD_ENDS:
            return BAD
        return CALM if data.get("state") == "completed" else WARN
    if event.kind == "grade.failed":
        return NOTICE
    if event.kind == "verdict.given" and not data.get("accepted"):
        return WARN
    if event.kind == "tool.ended" and data.get("status") == "degraded":
        return WARN
    return WARN if event.kind in WARNINGS else CALM
