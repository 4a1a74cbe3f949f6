"""How a stretch of work on a run ends: for good, or until somebody acts."""

from typing import Literal

from agents.contracts.base import Contract, JsonObject

RunState = Literal[
    "queued",
    "running",
    "waiting_approval",
    "paused",
    "paused_budget",
    "waiting_resolution",
    "kill_requested",
    "completed",
    "flagged",
    "degraded",
    "failed",
    "refused",
    "killed",
    "dead",
]
TERMINAL: frozenset[RunState] = frozenset({"completed", "flagged", "degraded", "failed", "refused", "killed", "dead"})
HOLDING_A_WORKER: frozenset[RunState] = frozenset({"running", "kill_requested"})
WAITING: frozenset[RunState] = frozenset({"waiting_approval", "paused", "paused_budget", "waiting_resolution"})


class Ending(Contract):
    """The state a run is left in, why in one sentence, its answer, and what it had to do without."""

    state: RunState
    reason: str = ""
    answer: str = ""
    missing: tuple[str, ...] = ()
    detail: JsonObject = {}

    @property
    def terminal(self) -> bool:
        """Whether the run is over for good."""
        return self.state in TERMINAL
