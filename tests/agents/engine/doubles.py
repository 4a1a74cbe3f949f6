"""Doubles of the engine's ports: a scripted LLM, a journal in memory, tools as functions, a manual clock."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.calls import Call
from agents.contracts.endings import Ending
from agents.contracts.events import Event
from agents.contracts.llms import FailureKind, Finish, LLMError, LLMRequest, LLMResponse
from agents.contracts.messages import AssistantMessage, ToolCall
from agents.contracts.specs import Implementation, ToolSpec
from agents.contracts.steps import Step
from agents.engine.batch import ApprovalTerms, Batch, Receipt
from agents.engine.ports import Decision, Interrupted, KnownEffect, LostLease, PriceUnknown, Trouble
from agents.tools.boundary import arguments_class, resolve
from budgets.pricing import PriceSnapshot, Rates, Usage
from budgets.tiers import Refusal

USD = 10**9
START = datetime(2026, 11, 22, 12, tzinfo=UTC)
PRICE = PriceSnapshot(rates=Rates.flat(input=2 * USD, output=8 * USD), source="test list", version="1")

Answer = AssistantMessage | LLMResponse | LLMError | Interrupted
Script = Sequence[Answer | list[Answer]]
SMALL = Usage(100, 20)
Log = list[tuple[str, str]]


Function = Callable[[JsonObject, Call], JsonValue]


def nothing() -> None:
    """What happens on the way, unless a test says otherwise."""


def refuses(kind: FailureKind, detail: str = "busy") -> LLMError:
    """A vendor that says no before it does any work: nothing is owed."""
    return LLMError(kind, detail, may_be_billed=False)


class Crash(Exception):
    """The worker dies here."""


def call(name: str, call_id: str = "c1", **arguments: JsonValue) -> ToolCall:
    """A call of a tool."""
    return ToolCall(call_id=call_id, name=name, arguments=arguments)


def asks(*calls: ToolCall, text: str = "") -> AssistantMessage:
    """An answer with calls."""
    return AssistantMessage(text=text, calls=calls)


def says(text: str) -> AssistantMessage:
    """An answer in words."""
    return AssistantMessage(text=text)


def response(
    message: AssistantMessage, llm: str, *, usage: Usage | None = SMALL, finish: Finish = "stop"
) -> LLMResponse:
    """A whole answer as the registry gives it."""
    return LLMResponse(message=message, finish=finish, usage=usage, vendor_usage={"seen": True}, served_llm=llm)


@dataclass
class ManualClock:
    """Stands still until somebody waits, or a test moves it."""

    at: datetime = START
    waits: list[float] = field(default_factory=list)
    cut_by_kill: bool = False

    def now(self) -> datetime:
        return self.at

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.move(seconds)
        if self.cut_by_kill:
            raise Interrupted

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)


@dataclass
class ScriptedLLM:
    """Answers by how many answers the conversation holds already, so that a resumed run hears the same again.

    A list in the script is what the same question gets in a row: faults first, the answer last.
    """

    clock: ManualClock
    log: Log
    script: list[Answer | list[Answer]] = field(default_factory=list)
    summaries: list[Answer] = field(default_factory=list)
    grades: list[Answer] = field(default_factory=list)
    requests: list[LLMRequest] = field(default_factory=list)
    takes_seconds: float = 0.0
    streams: str = ""
    on_the_way: Callable[[], None] = nothing

    def call(self, request: LLMRequest, on_text: Callable[[str], None]) -> LLMResponse:
        self.requests.append(request)
        self.log.append(("llm", request.llm))
        self.on_the_way()
        self.clock.move(self.takes_seconds)
        if self.streams:
            on_text(self.streams)
        answer = self._next(request)
        if isinstance(answer, LLMError | Interrupted):
            raise answer
        return answer if isinstance(answer, LLMResponse) else response(answer, request.llm)

    def _next(self, request: LLMRequest) -> Answer:
        if request.purpose == "summary":
            return self.summaries.pop(0) if len(self.summaries) > 1 else self.summaries[0]
        if request.purpose == "grade":
            return self.grades.pop(0) if len(self.grades) > 1 else self.grades[0]
        planned = self.script[sum(isinstance(m, AssistantMessage) for m in request.messages)]
        if isinstance(planned, list):
            return planned.pop(0) if len(planned) > 1 else planned[0]
        return planned

    @property
    def asked(self) -> list[str]:
        """The LLMs asked for turns, in order."""
        return [request.llm for request in self.requests if request.purpose == "turn"]


@dataclass
class FixedPrices:
    """One price for all but the unpriced and those with their own; tools are free unless they have a fee."""

    unpriced: frozenset[str] = frozenset()
    prices: dict[str, PriceSnapshot] = field(default_factory=dict)
    fees: dict[str, PriceSnapshot] = field(default_factory=dict)

    def price(self, llm: str) -> PriceSnapshot:
        if llm in self.unpriced:
            raise PriceUnknown(f"No price is known for {llm}.")
        return self.prices.get(llm, PRICE)

    def tool_fee(self, name: str) -> PriceSnapshot | None:
        return self.fees.get(name)


@dataclass
class FunctionTools:
    """Implementations by name; what a test does not replace is the declared function itself."""

    clock: ManualClock
    log: Log
    replaced: dict[str, Function] = field(default_factory=dict)
    invoked: list[tuple[str, JsonObject, Call]] = field(default_factory=list)
    takes_seconds: float = 0.0
    on_the_way: Callable[[], None] = nothing

    def invoke(self, implementation: Implementation, arguments: JsonObject, call: Call) -> JsonValue:
        self.invoked.append((implementation.name, arguments, call))
        self.log.append(("tool", implementation.name))
        self.on_the_way()
        self.clock.move(self.takes_seconds)
        if implementation.name in self.replaced:
            return self.replaced[implementation.name](arguments, call)
        function = resolve(implementation.target)
        assert callable(function)
        value: JsonValue = function(arguments_class(implementation.target).model_validate(arguments), call)
        return value

    @property
    def names(self) -> list[str]:
        """The implementations that ran, in order."""
        return [name for name, _, _ in self.invoked]


@dataclass(frozen=True)
class Counted:
    """What the breaker of a link was told of one call."""

    link: str
    error: str
    duration_ms: int
    slow_after_ms: int
    tenant: str
    run_id: str
    cost_nanos: int


@dataclass
class SetHealth:
    """Links that a test has closed or the run has tripped, and what was recorded of all."""

    closed: set[str] = field(default_factory=set)
    tripped: dict[str, str] = field(default_factory=dict)
    only_one: str = ""
    counted: list[Counted] = field(default_factory=list)
    troubles: list[tuple[str, str]] = field(default_factory=list)

    def allows(self, link: str, *, last_resort: bool = False) -> bool:
        return link not in self.tripped and (last_resort or link not in self.closed)

    @property
    def recorded(self) -> list[tuple[str, str]]:
        """Each call's link and error."""
        return [(each.link, each.error) for each in self.counted]

    def only(self, links: Sequence[str]) -> str:
        return self.only_one if self.only_one in links else ""

    def trip(self, link: str, *, reason: str, tenant: str = "", run_id: str = "") -> None:
        del tenant, run_id
        self.tripped[link] = reason

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
        self.counted.append(Counted(link, error, duration_ms, slow_after_ms, tenant, run_id, cost_nanos))

    def trouble(self, link: str, what: Trouble, *, tenant: str, run_id: str) -> None:
        del tenant, run_id
        self.troubles.append((link, what))


@dataclass
class MemoryJournal:
    """Keeps what is committed and answers as the recorder would: facts stand, intents need leave.

    ``kill_at``, ``pause_at`` and ``lose_at`` name a commit by its number; ``crash_at`` one that is not
    written, ``crash_after`` one that is. ``refuse`` may refuse a hold by its amount. ``faster`` are effects
    that another run starts just before this one.
    """

    clock: ManualClock
    log: Log
    kill_at: int = 0
    pause_at: int = 0
    lose_at: int = 0
    crash_at: int = 0
    crash_after: int = 0
    refuse: Callable[[int], Refusal | None] = lambda amount: None  # noqa: ARG005
    commits: int = 0
    batches: list[Batch] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    holds: dict[str, str] = field(default_factory=dict)
    cost_nanos: int = 0
    effects: dict[str, KnownEffect] = field(default_factory=dict)
    faster: dict[str, KnownEffect] = field(default_factory=dict)
    decisions: dict[str, Decision] = field(default_factory=dict)
    terms: dict[str, ApprovalTerms] = field(default_factory=dict)
    blobs: list[bytes] = field(default_factory=list)
    ending: Ending | None = None

    def commit(self, batch: Batch) -> Receipt:
        self._arrive()
        self.batches.append(batch)
        self._write_facts(batch)
        receipt = self._leave(batch)
        if receipt == Receipt():
            self._write_intents(batch)
        self._survive()
        return receipt

    def end(self, ending: Ending, events: list[Event]) -> None:
        self._arrive()
        assert self.ending is None or not self.ending.terminal, "a run ends once"
        self.ending = ending
        self.events += events
        self.log.append(("end", ending.state))
        self._survive()

    def effect(self, key: str, *, dedupe_seconds: int) -> KnownEffect | None:
        del dedupe_seconds
        return self.effects.get(key)

    def decision(self, call_id: str) -> Decision | None:
        return self.decisions.get(call_id)

    def approval_terms(self, tool: ToolSpec, arguments: JsonObject) -> ApprovalTerms | None:
        del arguments
        return self.terms.get(tool.name) or (ApprovalTerms() if tool.needs_approval else None)

    def read_blob(self, handle: str) -> str | None:
        return next((b.decode() for b in self.blobs if handle in self._sources), None)

    @property
    def _sources(self) -> set[str]:
        return {str(getattr(step.output, "source", "")) for step in self.steps}

    def take_over(self, keyed: Collection[str]) -> None:
        """What the next holder does first: of what had left without a key nobody knows whether it happened."""
        tools = {e.data["call_id"]: e.data["tool"] for e in self.kinds("tool.started")}
        for key, known in self.effects.items():
            if known.run_id == "run" and known.state == "started" and tools[known.call_id] not in keyed:
                self.effects[key] = replace(known, state="unknown")

    def _arrive(self) -> None:
        self.commits += 1
        if self.commits == self.crash_at:
            raise Crash
        if self.lose_at and self.commits >= self.lose_at:
            raise LostLease("run")

    def _survive(self) -> None:
        if self.commits == self.crash_after:
            raise Crash

    def _write_facts(self, batch: Batch) -> None:
        for settlement in batch.settlements:
            assert self.holds[settlement.hold_id] == "open", "a hold closes once"
            self.holds[settlement.hold_id] = "released" if settlement.released else "settled"
            self.cost_nanos += settlement.cost_nanos
        for step in batch.steps:
            assert step.number == len(self.steps) + 1, "steps are numbered without a hole"
            self.steps.append(step)
        for ended in batch.effects_ended:
            value = ended.result["value"] if ended.result else None
            known = self.effects[ended.key]
            state = {"succeeded": "succeeded", "failed": "failed"}.get(ended.state, "unknown")
            self.effects[ended.key] = replace(known, state=state, result=value)  # type: ignore[arg-type]  # its literals
        self.events += batch.facts
        self.blobs += batch.blobs

    def _leave(self, batch: Batch) -> Receipt:
        self.log.append(("commit", str(self.commits)))
        if self.kill_at and self.commits >= self.kill_at:
            return Receipt(kill_requested_at=self.clock.now())
        if self.pause_at and self.commits >= self.pause_at:
            return Receipt(paused=True)
        refusal = self.refuse(batch.hold.amount_nanos) if batch.hold else None
        return Receipt(refusal=refusal)

    def _write_intents(self, batch: Batch) -> None:
        if batch.hold is not None:
            assert batch.hold.hold_id not in self.holds, "a hold opens once"
            self.holds[batch.hold.hold_id] = "open"
        for started in batch.effects_started:
            if started.key in self.faster:
                self.effects[started.key] = self.faster[started.key]
                continue
            was = self.effects.get(started.key)
            sent_key = was.sent_key if was and was.outcome == "again" else started.sent_key
            self.effects[started.key] = KnownEffect("started", None, started.call_id, "run", "", sent_key)
        for asked in batch.approvals:
            self.decisions[asked.call_id] = Decision("open", asked.arguments_hash)
        self.events += batch.intents

    def kinds(self, *wanted: str) -> list[Event]:
        """The events of these kinds, in order."""
        return [event for event in self.events if event.kind in wanted]


def fails(error: Exception) -> Function:
    """An implementation that always fails so."""

    def fail(arguments: JsonObject, call: Call) -> JsonValue:
        del arguments, call
        raise error

    return fail


def too_dear(limit_nanos: int) -> Callable[[int], Refusal | None]:
    """Refuses every hold above a limit that nothing has been spent of."""

    def refuse(amount: int) -> Refusal | None:
        return Refusal(7, "run", limit_nanos, 0, 0, amount, None) if amount > limit_nanos else None

    return refuse


def unended(events: Iterable[Event]) -> list[str]:
    """The started things that have no end under their span, and ends without a start."""
    started = {e.span_id: e.kind for e in events if e.kind in ("model.started", "tool.started", "attempt.started")}
    ended = [e for e in events if e.kind in ("model.ended", "tool.ended", "attempt.ended")]
    missing = {span: kind for span, kind in started.items() if span not in {e.span_id for e in ended}}
    return [*missing.values(), *(e.kind for e in ended if e.span_id not in started)]
