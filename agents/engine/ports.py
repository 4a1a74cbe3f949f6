"""What the engine needs from the world; ``agents.run_ports`` provides it, tests provide doubles."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.calls import Call
from agents.contracts.endings import Ending
from agents.contracts.events import Event
from agents.contracts.llms import LLMRequest, LLMResponse
from agents.contracts.specs import Implementation, ToolSpec
from agents.engine.batch import ApprovalTerms, Batch, Receipt
from budgets.pricing import PriceSnapshot

Trouble = Literal["passed_over", "degraded"]


class LostLease(Exception):
    """Another worker holds this run now; whatever we know of it is stale and nothing more may be written."""


class PriceUnknown(Exception):
    """No price is known for an LLM, so that no hold can be sized: no call."""


class Interrupted(Exception):
    """What was in flight was cancelled: by a kill, or because its worker is at its end.

    ``output_characters`` is what an LLM had already said. ``may_be_billed`` is False when nothing had been sent yet.
    """

    def __init__(self, output_characters: int = 0, *, may_be_billed: bool = True) -> None:
        super().__init__("interrupted")
        self.output_characters = output_characters
        self.may_be_billed = may_be_billed


class ImplementationFailed(Exception):
    """One implementation did not do its work. ``maybe_happened``: it was cut off after it may have acted."""

    def __init__(self, error: str, *, timed_out: bool = False, maybe_happened: bool = False) -> None:
        super().__init__(error)
        self.error = error
        self.timed_out = timed_out
        self.maybe_happened = maybe_happened


class Journal(Protocol):
    """The fenced, durable record. Raises LostLease from either method."""

    def commit(self, batch: Batch) -> Receipt:
        """Write a batch; the receipt says whether its intents were written too."""
        ...

    def end(self, ending: Ending, events: list[Event]) -> None:
        """Leave the run in its next state, in a commit of its own."""


class LLMs(Protocol):
    """Raises LLMError, or Interrupted when a kill cut the call."""

    def call(self, request: LLMRequest, on_text: Callable[[str], None]) -> LLMResponse:
        """Ask once; ``on_text`` hears the answer as it is written."""
        ...


class Prices(Protocol):
    """What calls cost."""

    def price(self, llm: str) -> PriceSnapshot:
        """The price of an LLM now. Raises PriceUnknown."""
        ...

    def tool_fee(self, name: str) -> PriceSnapshot | None:
        """What each attempt at a tool costs now; None when it is free. Only ``rates.per_request`` counts."""
        ...


class Tools(Protocol):
    """Raises ToolRefusal, ImplementationFailed or Interrupted."""

    def invoke(self, implementation: Implementation, arguments: JsonObject, call: Call) -> JsonValue:
        """Carry a call out once; the output is plain JSON."""
        ...


class Health(Protocol):
    """Circuit breakers of links: ``tool/implementation`` or ``llm/<reference>``.

    ``tenant`` and ``run_id`` say whose call it was: what the link said is for that tenant alone.
    """

    def allows(self, link: str, *, last_resort: bool = False) -> bool:
        """Whether a call may go to this link now.

        With ``last_resort``, when there is nothing else to turn to, one that merely fails often may be called;
        one that an operator closed, or that was tripped, may not.
        """
        ...

    def only(self, links: Sequence[str]) -> str:
        """The one of these that a person made the only one to be used; "" for none."""
        ...

    def record(
        self,
        link: str,
        *,
        error: str,
        duration_ms: int = 0,
        slow_after_ms: int = 0,
        tenant: str = "",
        run_id: str = "",
        cost_nanos: int = 0,
    ) -> None:
        """Count one call; ``error`` "" is a success, unless it took longer than its limit; 0: it may take any time.

        ``cost_nanos`` is what a failed one cost all the same.
        """

    def trip(self, link: str, *, reason: str, tenant: str = "", run_id: str = "") -> None:
        """Open the breaker at once, whatever was counted; it comes back by a probe, as after failures."""

    def trouble(self, link: str, what: Trouble, *, tenant: str, run_id: str) -> None:
        """Note what a link that is out did to a run: it was ``passed_over``, or its tool is ``degraded`` there."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What people said of a call; ``arguments`` are what they made of it, agreed on under ``edited_hash``."""

    outcome: Literal["open", "approved", "denied", "expired"]
    arguments_hash: str
    by: str = ""
    note: str = ""
    arguments: JsonObject | None = None
    edited_hash: str = ""


@dataclass(frozen=True, slots=True)
class KnownEffect:
    """What is recorded of an effect under some key.

    ``outcome`` is a person's word on what nobody knew; ``sent_key`` the key under which it was sent.
    """

    state: Literal["started", "succeeded", "failed", "unknown", "resolved"]
    result: JsonValue
    call_id: str
    run_id: str
    outcome: Literal["", "happened", "again", "given_up"] = ""
    sent_key: str = ""


class Memory(Protocol):
    """What earlier stretches of this run, or of the tenant, left behind."""

    def effect(self, key: str, *, dedupe_seconds: int) -> KnownEffect | None:
        """What is recorded under a key, in this run or, with ``dedupe_seconds``, in the tenant."""
        ...

    def decision(self, call_id: str) -> Decision | None:
        """What a person said of a call; None when nobody was asked."""
        ...

    def approval_terms(self, tool: ToolSpec, arguments: JsonObject) -> ApprovalTerms | None:
        """Who must say yes to this call before it goes out; None when nobody need be asked."""
        ...

    def read_blob(self, handle: str) -> str | None:
        """A large output of this run by its handle."""
        ...


class Clock(Protocol):
    """Time, and waiting that a kill can end (raises Interrupted)."""

    def now(self) -> datetime:
        """The present instant, aware."""
        ...

    def wait(self, seconds: float) -> None:
        """Come back after so many seconds."""
        ...


def stays() -> bool:
    """A worker that nobody is stopping."""
    return False


def insist() -> bool:
    """What every run does."""
    return True


@dataclass(frozen=True, slots=True)
class Ports:
    """All of them together. ``leaving`` is true once this worker is being stopped: its runs go to another one.

    ``insists`` says whether an answer that hides what it was given without is sent back now; a replay asks its record.
    """

    journal: Journal
    llms: LLMs
    prices: Prices
    tools: Tools
    health: Health
    memory: Memory
    clock: Clock
    on_text: Callable[[str], None]
    leaving: Callable[[], bool] = stays
    insists: Callable[[], bool] = insist
