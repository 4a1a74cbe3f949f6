"""Status as people see it: a word, a glyph and a tone for every state, never colour alone."""

from dataclasses import dataclass
from typing import Literal

from agents.contracts.endings import RunState

Tone = Literal["ok", "warn", "bad", "run", "dim"]


@dataclass(frozen=True)
class Status:
    """``glyph`` names a symbol of the sprite (``#g-<glyph>``)."""

    word: str
    glyph: str
    tone: Tone


RUN_STATUS: dict[RunState, Status] = {
    "queued": Status("queued", "queued", "dim"),
    "running": Status("running", "running", "run"),
    "waiting_approval": Status("needs approval", "waiting", "warn"),
    "paused": Status("paused", "paused", "warn"),
    "paused_budget": Status("paused at cap", "paused", "warn"),
    "waiting_resolution": Status("outcome unknown", "unknown", "warn"),
    "kill_requested": Status("kill requested", "stopping", "bad"),
    "completed": Status("completed", "ok", "ok"),
    "flagged": Status("flagged", "flag", "warn"),
    "degraded": Status("degraded", "warn", "warn"),
    "failed": Status("failed", "bad", "bad"),
    "refused": Status("refused", "refused", "bad"),
    "killed": Status("killed", "stopped", "dim"),
    "dead": Status("dead", "dead", "bad"),
}
KILL_ACKNOWLEDGED = Status("kill acknowledged", "stopping", "bad")

SEVERITY_STATUS = (
    Status("nothing wrong so far", "ok", "dim"),
    Status("something of note", "note", "dim"),
    Status("warnings", "warn", "warn"),
    Status("errors", "bad", "bad"),
)

STEP_STATUS: dict[str, Status] = {
    "running": Status("running", "running", "run"),
    "ok": Status("ok", "ok", "ok"),
    "accepted": Status("accepted", "ok", "ok"),
    "approved": Status("approved", "ok", "ok"),
    "deduped": Status("reused", "ok", "ok"),
    "noted": Status("noted", "note", "dim"),
    "waiting": Status("waiting", "waiting", "warn"),
    "unknown": Status("unknown", "unknown", "warn"),
    "degraded": Status("degraded", "warn", "warn"),
    "rejected": Status("rejected", "warn", "warn"),
    "blocked": Status("blocked", "refused", "warn"),
    "denied": Status("denied", "refused", "warn"),
    "expired": Status("expired", "refused", "warn"),
    "refused": Status("refused", "refused", "warn"),
    "error": Status("error", "bad", "warn"),
    "failed": Status("failed", "bad", "bad"),
    "timeout": Status("timed out", "bad", "bad"),
    "killed": Status("killed", "stopped", "dim"),
    "lost": Status("lost", "bad", "bad"),
    "requested": Status("requested", "stopping", "bad"),
    "acknowledged": Status("acknowledged", "stopping", "bad"),
    "stopped": Status("stopped", "stopped", "dim"),
}


def run_status(state: str, *, kill_acknowledged: bool = False) -> Status:
    """The status of a run; a state that this release does not know is shown by its own name, as a warning."""
    if state == "kill_requested" and kill_acknowledged:
        return KILL_ACKNOWLEDGED
    for known, status in RUN_STATUS.items():
        if known == state:
            return status
    return Status(state, "warn", "warn")


def severity_status(severity: int) -> Status:
    """The worst that has happened in a run, 0 to 3; anything above is as bad as it gets."""
    return SEVERITY_STATUS[min(severity, len(SEVERITY_STATUS) - 1)]


def step_status(status: str) -> Status:
    """The status of a step of the trace."""
    return STEP_STATUS.get(status) or Status(status, "note", "dim")
