"""The engine's ports over a recording: LLMs and tools say what they said, the journal compares. Pure."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime

from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.calls import Call, ToolRefusal
from agents.contracts.endings import Ending
from agents.contracts.events import Event
from agents.contracts.llms import LLMError, LLMRequest, LLMResponse
from agents.contracts.messages import AssistantMessage
from agents.contracts.specs import Implementation, ToolSpec
from agents.contracts.steps import LLMStep, MemoryStep, RouteStep, Step, ToolStep, VerdictStep
from agents.engine.batch import ApprovalTerms, Batch, Receipt
from agents.engine.guard import call_key
from agents.engine.limitation import CHECK
from agents.engine.ports import Decision, ImplementationFailed, KnownEffect, Ports, Trouble
from agents.engine.state import RunState
from agents.replay.divergence import Diverged, Divergence, EndOfRecording, difference, told
from agents.replay.recording import Recording
from agents.replay.requests import Asked, asked_in
from agents.tools.output import CutText
from budgets.pricing import PriceSnapshot, Rates
from budgets.tiers import Refusal

PRICE = PriceSnapshot(rates=Rates.flat(input=1, output=1), source="replay", version="")
"""Of no consequence: whether the money reached is in the record."""
CAME = {"summary": "the memory is summarised", "grade": "the draft is graded"}


class Place:
    """How far a replay has come: which recorded step is due next. ``state`` is the engine's own."""

    def __init__(self, recording: Recording, state: RunState) -> None:
        self.recording = recording
        self.state = state
        self.under_way: set[str] = set()

    @property
    def number(self) -> int:
        """The number of the step that comes next."""
        return self.state.steps + 1

    @property
    def due(self) -> Step | None:
        """The recorded step that comes next; None behind the last one."""
        return self.recording.step(self.number)

    def now(self, came: str) -> Step:
        """The step that is due, when this comes. Raises EndOfRecording."""
        if self.due is None:
            raise EndOfRecording(came)
        return self.due

    def diverged(self, came: str) -> Diverged:
        """Not what was recorded for this step."""
        return Diverged(Divergence(self.number, told(self.now(came)), came))

    def of_call(self, call_id: str) -> ToolStep | None:
        """The recorded result that is due, when it is that call's."""
        output = self.due.output if self.due else None
        return output if isinstance(output, ToolStep) and output.result.call_id == call_id else None


class ComparingJournal:
    """Compares each step with the recorded one; refuses money where the run had to turn to a cheaper LLM."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def commit(self, batch: Batch) -> Receipt:
        for step in batch.steps:
            recorded = self._place.recording.step(step.number)
            if recorded is None:
                raise EndOfRecording(told(step))
            if found := difference(recorded, step):
                raise Diverged(found)
        self._place.under_way |= {effect.key for effect in batch.effects_started}
        self._place.under_way -= {effect.key for effect in batch.effects_ended}
        due = self._place.due
        if batch.hold is not None and due and isinstance(due.output, RouteStep) and batch.hold.llm != due.output.llm:
            return Receipt(refusal=Refusal(0, "run", 0, 0, 0, batch.hold.amount_nanos, None))
        return Receipt()

    def end(self, ending: Ending, events: list[Event]) -> None:
        """How a run ends is compared by whoever asked for the replay."""


class RecordedLLMs:
    """Answers as the recorded LLM did, whoever is asked. ``strict``: and only when the same one is asked."""

    def __init__(self, place: Place, *, strict: bool) -> None:
        self._place = place
        self._strict = strict
        self.asked: list[Asked] = []

    def call(self, request: LLMRequest, on_text: Callable[[str], None]) -> LLMResponse:
        del on_text
        came = CAME.get(request.purpose, f"{request.llm} is asked")
        output = self._place.now(came).output
        self.asked.append(asked_in(self._place.number, request))
        if request.purpose == "summary" and isinstance(output, MemoryStep):
            return self._summary(request.llm, output)
        if request.purpose == "grade" and isinstance(output, VerdictStep):
            return self._grade(request.llm, output)
        if request.purpose != "turn" or not isinstance(output, LLMStep):
            raise self._place.diverged(came)
        if self._strict and output.llm not in ("", request.llm):
            raise Diverged(Divergence(self._place.number, f"{output.llm} is asked", came))
        usage = output.usage if output.prompt_tokens else None  # nothing had been reported
        return LLMResponse(message=output.message, finish=output.finish, usage=usage, served_llm=output.served_llm)

    def _summary(self, llm: str, recorded: MemoryStep) -> LLMResponse:
        if recorded.by == "truncation":
            raise LLMError("not_found", "It did not answer when the run was recorded.", may_be_billed=False)
        return _said(llm, {**recorded.replacements})

    def _grade(self, llm: str, recorded: VerdictStep) -> LLMResponse:
        grade = recorded.verdict.grade
        if grade is None:
            raise LLMError("not_found", "It gave no grade when the run was recorded.", may_be_billed=False)
        return _said(llm, {"score": grade.score, "reasons": grade.reasons})


def _said(llm: str, value: JsonObject) -> LLMResponse:
    message = AssistantMessage(text=json.dumps(value))
    return LLMResponse(message=message, finish="stop", usage=None, served_llm=llm)


class RecordedTools:
    """Every implementation does what the call's recorded result says."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def invoke(self, implementation: Implementation, arguments: JsonObject, call: Call) -> JsonValue:
        del arguments
        came = f"{implementation.name} is called"
        self._place.now(came)
        step = self._place.of_call(call.call_id)
        if step is None or step.reason not in ("", "failed"):
            raise self._place.diverged(came)
        content = step.result.content
        error = str(content.get("error", "")) if isinstance(content, dict) else ""
        if step.result.status == "degraded" or (step.served_by and step.served_by != implementation.name):
            raise ImplementationFailed(error)
        if step.result.status == "error":
            raise ToolRefusal(error)
        return whole(self._place, step)


class RecordedMemory:
    """What people decided and what had happened before, as the results tell it."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def effect(self, key: str, *, dedupe_seconds: int) -> KnownEffect | None:
        del dedupe_seconds
        if key in self._place.under_way:
            return KnownEffect("started", None, "", self._place.state.input.run_id)
        output = self._place.due.output if self._place.due else None
        if not isinstance(output, ToolStep) or output.reason != "deduped":
            return None
        if output.arguments is None and output.key != key:
            return None
        return KnownEffect("succeeded", whole(self._place, output), output.result.call_id, "")

    def decision(self, call_id: str) -> Decision | None:
        step = self._place.of_call(call_id)
        if step is None or step.reason not in ("", "failed", "denied", "deduped"):
            return None
        if step.arguments is not None:
            made_key = self._key_of(step.result.name, step.arguments)
            return Decision("approved", step.key, changed_by(step), "", step.arguments, made_key)
        if step.reason == "denied":
            return Decision("denied", step.key)
        asked = step.reason != "deduped" and self._was_asked(step.result.name)
        return Decision("approved", step.key) if asked else None

    def approval_terms(self, tool: ToolSpec, arguments: JsonObject) -> ApprovalTerms | None:
        """Rules count for nothing here: whoever was asked then has answered, and is in the record."""
        del arguments
        if not tool.needs_approval:
            return None
        came = "a person is asked for leave"
        self._place.now(came)
        raise self._place.diverged(came)

    def _was_asked(self, name: str) -> bool:
        """Whether a person had been asked when the run was recorded."""
        return any(tool.name == name and tool.needs_approval for tool in self._place.recording.given.spec.tools)

    def _key_of(self, name: str, arguments: JsonObject) -> str:
        tool = next((tool for tool in self._place.state.input.spec.tools if tool.name == name), None)
        return "" if tool is None else call_key(tool.name, tool.version, arguments, tool.volatile)

    def read_blob(self, handle: str) -> str | None:
        return self._place.recording.blobs.get(handle)


class RecordedHealth:
    """Of the LLMs only the one that answered is in service; what failed then fails now."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def allows(self, link: str, *, last_resort: bool = False) -> bool:
        del last_resort
        kind, _, llm = link.partition("/")
        output = self._place.due.output if self._place.due else None
        if kind != "llm" or not isinstance(output, LLMStep) or output.llm not in self._place.state.input.llms:
            return True
        return llm == output.llm

    def only(self, links: Sequence[str]) -> str:
        """What a person forced then shows in who answered."""
        del links
        return ""

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
        """Nothing is counted."""

    def trip(self, link: str, *, reason: str, tenant: str = "", run_id: str = "") -> None:
        """Nothing is opened."""

    def trouble(self, link: str, what: Trouble, *, tenant: str, run_id: str) -> None:
        """Nobody is in trouble."""


class NoPrices:
    """Nothing costs anything that anybody pays."""

    def price(self, llm: str) -> PriceSnapshot:
        del llm
        return PRICE

    def tool_fee(self, name: str) -> PriceSnapshot | None:
        del name
        return None


class StandingClock:
    """Time does not pass, so that no limit of it is met."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at

    def wait(self, seconds: float) -> None:
        """Nobody waits."""


def ports(place: Place, llms: RecordedLLMs) -> Ports:
    """All of them in their places."""
    return Ports(
        journal=ComparingJournal(place),
        llms=llms,
        prices=NoPrices(),
        tools=RecordedTools(place),
        health=RecordedHealth(place),
        memory=RecordedMemory(place),
        clock=StandingClock(place.recording.given.started_at),
        on_text=_unheard,
        insists=lambda: _insisted(place),
    )


def _insisted(place: Place) -> bool:
    """Whether the draft that is judged now was sent back for what it hid: older releases let it pass."""
    output = place.due.output if place.due else None
    return isinstance(output, VerdictStep) and any(issue.check == CHECK for issue in output.verdict.issues)


def whole(place: Place, step: ToolStep) -> JsonValue:
    """What the tool had returned, before the engine nudged the LLM and kept a large output out of the thread."""
    content = step.result.content
    if step.arguments is not None and isinstance(content, dict):
        content = content.get("result")
    nudged = place.state.advice(step.result.name, step.key) == "nudge"
    if nudged and isinstance(content, dict) and step.reason != "deduped":
        content = content.get("result")
    if not step.source or not isinstance(content, dict):
        return content
    text = place.recording.blobs[step.source]
    if "size_bytes" in content:
        return CutText.of(text, size_bytes=int(str(content["size_bytes"])), sha256=str(content["sha256"]))
    if "sources" not in content:
        return text
    parsed: JsonValue = json.loads(text)
    return parsed


def changed_by(step: ToolStep) -> str:
    """Who had changed the arguments, as the LLM was told."""
    edited = step.result.content.get("edited") if isinstance(step.result.content, dict) else None
    return str(edited.get("by", "")) if isinstance(edited, dict) else ""


def _unheard(text: str) -> None:
    del text
