"""Recorded steps: the checkpoints from which a run can be continued."""

from typing import Annotated, Literal

from pydantic import Field

from agents.contracts.base import Contract, Count, JsonObject, NonEmpty
from agents.contracts.llms import Finish
from agents.contracts.messages import AssistantMessage, ToolMessage
from agents.contracts.verdicts import Verdict
from budgets.pricing import Usage

SCHEMA_VERSION = 3
"""Changes with every change of what is stored here; ``agents.contracts.upcast`` reads the versions before."""


ToolReason = Literal["", "invalid_arguments", "unknown_tool", "withdrawn", "repeated", "deduped", "denied", "failed"]


class LLMStep(Contract):
    """An LLM's answer. ``prompt_tokens`` is our own count of the prompt, kept to calibrate the next count.

    It is 0 when the vendor reported no usage: ``usage`` is then our own upper bound. ``asked_llm`` is the one that
    the run was to have, ``llm`` the one of the chain that was really called, ``served_llm`` what the vendor calls it.
    """

    kind: Literal["llm"] = "llm"
    message: AssistantMessage
    finish: Finish
    asked_llm: str
    served_llm: str
    usage: Usage
    prompt_tokens: Count
    llm: str = ""


class ToolStep(Contract):
    """One call's result, with the implementation that served it ("" when none ran) and why it was not plain ok.

    ``arguments`` are those that it was carried out with, where a person had changed what the LLM asked for.
    """

    kind: Literal["tool"] = "tool"
    result: ToolMessage
    served_by: str = ""
    reason: ToolReason = ""
    key: str = ""  # canonical digest of tool and arguments, for the loop guard
    source: str = ""  # handle of the full output when it was too large for the thread
    arguments: JsonObject | None = None


class MemoryStep(Contract):
    """Old observations replaced in the working thread, or its oldest messages left out; the trace keeps them all."""

    kind: Literal["memory"] = "memory"
    replacements: dict[str, str]  # call_id -> shorter text
    by: Literal["summary", "truncation"]
    tokens_before: Count
    tokens_after: Count
    forgotten: Count = 0  # messages left out behind the task


class VerdictStep(Contract):
    """The critic's word on the draft before it."""

    kind: Literal["verdict"] = "verdict"
    verdict: Verdict
    draft: str


class NoteStep(Contract):
    """A word of the runtime to the LLM, such as a nudge against repeating itself."""

    kind: Literal["note"] = "note"
    text: str


class RouteStep(Contract):
    """From here on the run asks this LLM alone: a cheaper one, because the money did not reach for the others."""

    kind: Literal["route"] = "route"
    llm: NonEmpty


StepOutput = Annotated[
    LLMStep | ToolStep | MemoryStep | VerdictStep | NoteStep | RouteStep,
    Field(discriminator="kind"),
]


class Step(Contract):
    """One recorded output; ``number`` counts from 1 without a hole within the run."""

    number: int
    turn: int
    output: StepOutput
    schema_version: int = SCHEMA_VERSION
