"""What the rehearsal LLM thinks with: a pure function from the conversation to the next answer."""

from collections.abc import Callable

from agents.contracts.llms import ToolSchema
from agents.contracts.messages import AssistantMessage, Message

Conversation = tuple[Message, ...]
Policy = Callable[[Conversation, tuple[ToolSchema, ...]], AssistantMessage]
