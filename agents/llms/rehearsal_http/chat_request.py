"""A chat completions request in our words."""

import json
from dataclasses import dataclass
from typing import get_args

from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.llms import ToolSchema
from agents.contracts.messages import (
    AssistantMessage,
    Message,
    SystemMessage,
    ToolCall,
    ToolMessage,
    ToolStatus,
    UserMessage,
)

STATUSES: frozenset[str] = frozenset(get_args(ToolStatus))
DEFAULT_MAX_TOKENS = 4_000


class BadRequest(ValueError):
    """The body is no chat completions request; the message says why."""


@dataclass(frozen=True)
class ChatRequest:
    """What the client asked for."""

    model: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSchema, ...]
    stream: bool
    with_usage: bool
    max_output_tokens: int


def read_request(body: bytes) -> ChatRequest:
    """Read a request body. Raises BadRequest."""
    try:
        asked = json.loads(body)
        options = asked.get("stream_options") or {}
        limit = asked.get("max_completion_tokens") or asked.get("max_tokens") or DEFAULT_MAX_TOKENS
        return ChatRequest(
            model=str(asked["model"]),
            messages=read_messages(asked["messages"]),
            tools=tuple(read_tool(tool["function"]) for tool in asked.get("tools") or ()),
            stream=bool(asked.get("stream")),
            with_usage=bool(options.get("include_usage")),
            max_output_tokens=int(limit),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadRequest(f"not a chat completions request: {type(error).__name__}: {error}"[:300]) from error


def read_messages(messages: list[JsonObject]) -> tuple[Message, ...]:
    """The conversation; a result gets the name of the call that it answers."""
    read: list[Message] = []
    names: dict[str, str] = {}
    for message in messages:
        each = read_message(message, names)
        if isinstance(each, AssistantMessage):
            names |= {call.call_id: call.name for call in each.calls}
        read.append(each)
    return tuple(read)


def read_message(message: JsonObject, names: dict[str, str]) -> Message:
    """One message by its role."""
    text = text_of(message.get("content"))
    match message["role"]:
        case "system" | "developer":
            return SystemMessage(text=text)
        case "user":
            return UserMessage(text=text)
        case "assistant":
            calls = message.get("tool_calls")
            made = calls if isinstance(calls, list) else []
            return AssistantMessage(text=text, calls=tuple(map(read_call, made)))
        case "tool":
            call_id = str(message["tool_call_id"])
            return read_result(call_id, names.get(call_id, ""), text)
        case role:
            raise BadRequest(f"there is no role {role!r}")


def read_call(call: JsonValue) -> ToolCall:
    """A call with its arguments."""
    if not isinstance(call, dict) or not isinstance(function := call.get("function"), dict):
        raise BadRequest("a tool call has no function")
    arguments = json.loads(str(function.get("arguments") or "{}"))
    return ToolCall(call_id=str(call["id"]), name=str(function["name"]), arguments=arguments)


def read_result(call_id: str, name: str, text: str) -> ToolMessage:
    """A result: JSON where it is an object or a list, with the status that the runtime put into it."""
    content: JsonValue = text
    if text[:1] in ("{", "["):
        try:
            content = json.loads(text)
        except ValueError:
            content = text
    status = content.get("status") if isinstance(content, dict) else None
    if isinstance(content, dict) and status in STATUSES and content.keys() == {"status", "content"}:
        content = content["content"]
    return ToolMessage.model_validate(
        {
            "call_id": call_id,
            "name": name,
            "status": status if status in STATUSES else "ok",
            "content": content,
        }
    )


def read_tool(function: JsonObject) -> ToolSchema:
    """A tool as the client describes it."""
    return ToolSchema.model_validate(
        {
            "name": function["name"],
            "description": function.get("description") or "",
            "parameters": function.get("parameters") or {},
        }
    )


def text_of(content: JsonValue) -> str:
    """The text of a message, which may come in parts."""
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""
