"""A policy small enough to reason about: it asks for the weather once, then reports it with a citation."""

from agents.contracts.llms import ToolSchema
from agents.contracts.messages import AssistantMessage, ToolCall, ToolMessage
from agents.llms.policy import Conversation

LIBRARY = f"{__name__}:POLICIES"


def weather(conversation: Conversation, tools: tuple[ToolSchema, ...]) -> AssistantMessage:
    """Ask, then answer."""
    del tools
    results = [message for message in conversation if isinstance(message, ToolMessage)]
    if results and results[-1].status == "ok":
        return AssistantMessage(text=f"The weather service says of Oslo: {results[-1].content} [1].")
    call = ToolCall(call_id="x", name="get_weather", arguments={"city": "Oslo", "days": 3})
    return AssistantMessage(text="Let me look.", calls=(call,))


def broken(conversation: Conversation, tools: tuple[ToolSchema, ...]) -> AssistantMessage:
    """A policy with a fault."""
    raise ZeroDivisionError(len(conversation) + len(tools))


POLICIES = {"weather": weather, "broken": broken}
