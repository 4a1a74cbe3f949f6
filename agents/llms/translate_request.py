"""Our request in the library's words."""

from collections.abc import Sequence

from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelRequestPart,
    ModelResponse,
    SystemPromptPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.tools import ToolDefinition

from agents.contracts.llms import ToolSchema
from agents.contracts.messages import AssistantMessage, Message, SystemMessage, ToolMessage, UserMessage
from agents.llms.result_text import result_text
from agents.llms.vendor_state import parts_to_send


def library_messages(messages: Sequence[Message], vendor: str, provider: str) -> list[ModelMessage]:
    """The conversation for one vendor, which gets only its own vendor state back.

    ``provider`` is the library's name for it. What stands between two answers is one request: vendors want
    all results of a turn together.
    """
    translated: list[ModelMessage] = []
    waiting: list[ModelRequestPart] = []
    for message in messages:
        if not isinstance(message, AssistantMessage):
            waiting.append(request_part(message))
        elif parts := parts_to_send(message, vendor, provider):  # An empty answer is refused by every vendor.
            translated += [ModelRequest(waiting)] if waiting else []
            translated.append(ModelResponse(parts, provider_name=provider))
            waiting = []
    return [*translated, ModelRequest(waiting)] if waiting else translated


def request_part(message: SystemMessage | UserMessage | ToolMessage) -> ModelRequestPart:
    """One message that is not the LLM's own."""
    match message:
        case SystemMessage():
            return SystemPromptPart(message.text)
        case UserMessage():
            return UserPromptPart(message.text)
        case ToolMessage():
            # Never as a failed outcome: the library would wrap the text, for each vendor in another way.
            return ToolReturnPart(message.name, result_text(message), message.call_id)


def library_parameters(tools: Sequence[ToolSchema]) -> ModelRequestParameters:
    """The tools. Never in a vendor's strict mode, which would rewrite their schemas."""
    definitions = [
        ToolDefinition(
            name=tool.name,
            description=tool.description,
            parameters_json_schema=dict(tool.parameters),
            strict=False,
        )
        for tool in tools
    ]
    return ModelRequestParameters(function_tools=definitions)
