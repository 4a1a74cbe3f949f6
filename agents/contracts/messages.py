"""The conversation as it is stored: four kinds of message, whichever vendor wrote them."""

from typing import Annotated, Literal

from pydantic import Field

from agents.contracts.base import Contract, Json, JsonObject, NonEmpty

ToolStatus = Literal["ok", "error", "degraded", "blocked", "denied"]


class ToolCall(Contract):
    """A call that an LLM asked for.

    ``arguments`` is None when the text it sent was no JSON object; ``arguments_raw`` then keeps that text.
    """

    call_id: NonEmpty
    name: str
    arguments: JsonObject | None
    arguments_raw: str = ""


class SystemMessage(Contract):
    """Instructions of the agent, with what is degraded right now."""

    role: Literal["system"] = "system"
    text: str


class UserMessage(Contract):
    """The task, or a word of the runtime to the LLM (a critic's request to revise, a nudge)."""

    role: Literal["user"] = "user"
    text: str


class AssistantMessage(Contract):
    """What the LLM answered: text, calls, or both.

    ``vendor_state`` is opaque to us: what one vendor needs back in the next request, such as signed reasoning.
    """

    role: Literal["assistant"] = "assistant"
    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    reasoning: str = ""
    vendor_state: Json = None


class ToolMessage(Contract):
    """The result of one call, as the LLM sees it."""

    role: Literal["tool"] = "tool"
    call_id: NonEmpty
    name: str
    status: ToolStatus
    content: Json


Message = Annotated[
    SystemMessage | UserMessage | AssistantMessage | ToolMessage,
    Field(discriminator="role"),
]
