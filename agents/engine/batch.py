"""What a stretch of work hands to the recorder: facts that happened, and intents that need leave to begin."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from agents.contracts.base import JsonObject
from agents.contracts.events import Event
from agents.contracts.steps import Step
from budgets.pricing import PriceSnapshot, Usage
from budgets.tiers import Refusal


@dataclass(frozen=True, slots=True)
class HoldRequest:
    """Money to set aside before a call; the worst case in nano-USD, for so many tokens.

    ``llm`` is who is called: the reference of an LLM, or ``tool:<name>`` with no tokens.
    """

    hold_id: str
    step: int
    llm: str
    amount_nanos: int
    price: PriceSnapshot
    input_tokens: int = 0
    max_output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a held call cost. ``cost_nanos`` 0 with ``released`` True: nothing was sent, or it was refused unbilled."""

    hold_id: str
    cost_nanos: int
    usage: Usage
    vendor_usage: JsonObject
    price: PriceSnapshot
    unreconciled: bool = False
    released: bool = False


@dataclass(frozen=True, slots=True)
class EffectStart:
    """A side effect about to leave; committed before it does. ``sent_key`` is the key that the far end is told."""

    call_id: str
    step: int
    tool: str
    tool_version: str
    key: str
    dedupe_seconds: int
    arguments: JsonObject
    sent_key: str = ""


@dataclass(frozen=True, slots=True)
class EffectEnd:
    """How a started effect came out: succeeded, failed or unknown."""

    key: str
    state: str
    implementation: str
    result: JsonObject | None


ApproverRole = Literal["operator", "approver", "admin"]
"""From the least to the most; who may do more may say yes as well."""


@dataclass(frozen=True, slots=True)
class ApprovalTerms:
    """Who must say yes to a call: so many different people of that role or above, within this time."""

    people: int = 1
    role: ApproverRole = "approver"
    rule_id: int | None = None
    expires_seconds: int = 86_400


USUAL_TERMS = ApprovalTerms()


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """A call that waits for people."""

    call_id: str
    tool: str
    arguments: JsonObject
    arguments_hash: str
    preview: str
    terms: ApprovalTerms = USUAL_TERMS


@dataclass(slots=True)
class Batch:
    """One commit.

    Facts are written whatever an operator has asked for meanwhile. Intents are written only when the run may go
    on: a kill or a pause drops them, and a refused hold drops them too. No step starts without its intent.
    """

    turn: int = 0
    doing: str = ""
    facts: list[Event] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    settlements: list[Settlement] = field(default_factory=list)
    effects_ended: list[EffectEnd] = field(default_factory=list)
    blobs: list[bytes] = field(default_factory=list)
    intents: list[Event] = field(default_factory=list)
    hold: HoldRequest | None = None
    effects_started: list[EffectStart] = field(default_factory=list)
    approvals: list[ApprovalRequest] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Nothing to write; ``doing`` alone is not worth a commit."""
        return not (self.facts or self.steps or self.settlements or self.intents or self.effects_ended)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The recorder's answer. Intents were written only when all three are empty."""

    kill_requested_at: datetime | None = None
    paused: bool = False
    refusal: Refusal | None = None
