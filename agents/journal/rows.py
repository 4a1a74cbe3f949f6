"""A run row while it is locked, and the rows that a group of batches adds."""

from dataclasses import dataclass, field
from datetime import datetime

from agents.contracts.endings import Ending
from agents.contracts.events import Event
from agents.contracts.steps import Step
from agents.engine.batch import ApprovalRequest, EffectEnd, EffectStart


@dataclass(slots=True)
class LockedRun:
    """What the recorder reads of a run under its lock, and what it will write back."""

    id: str
    tenant_id: int
    epoch: int
    state: str
    next_seq: int
    kill_requested_at: datetime | None
    kill_acknowledged_at: datetime | None
    pause_requested_at: datetime | None
    turn: int
    steps_count: int
    errors_count: int
    severity: int
    cost_nanos: int
    input_tokens: int
    output_tokens: int
    doing: str
    kill_requested_by: str = ""
    kill_reason: str = ""
    attempts: int = 0
    changed: bool = False


@dataclass(frozen=True, slots=True)
class StartedEffect:
    """An effect that has left; what became of it is not recorded yet."""

    run_id: str
    key: str
    tool: str
    call_id: str


@dataclass(slots=True)
class NewRows:
    """Rows of a whole group, in the order of their batches."""

    events: list[tuple[str, int, Event]] = field(default_factory=list)
    steps: list[tuple[str, Step, datetime]] = field(default_factory=list)
    effects_started: list[tuple[LockedRun, EffectStart, datetime]] = field(default_factory=list)
    effects_ended: list[tuple[str, EffectEnd, datetime]] = field(default_factory=list)
    effects_unknown: list[tuple[str, str, datetime]] = field(default_factory=list)
    approvals: list[tuple[str, ApprovalRequest, datetime]] = field(default_factory=list)
    blobs: list[bytes] = field(default_factory=list)
    endings: list[tuple[str, int, Ending, datetime]] = field(default_factory=list)
