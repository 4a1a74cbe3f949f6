"""A performance as a chat completion, whole or in chunks."""

import json
from collections.abc import Iterator

from agents.contracts.base import JsonObject
from agents.contracts.messages import ToolCall
from agents.llms.performance import Performance
from agents.llms.result_text import compact

CREATED = 1_700_000_000  # fixed, so that the same question gets the same bytes
ARGUMENT_CHUNK_CHARACTERS = 24


def whole(answer: Performance, model: str, *, with_usage: bool) -> JsonObject:
    """The completion as one object."""
    calls = [call_object(call) for call in answer.message.calls]
    message: JsonObject = {"role": "assistant", "content": answer.message.text or None}
    body: JsonObject = {
        **envelope(answer, model, "chat.completion"),
        "choices": [
            {
                "index": 0,
                "message": {**message, "tool_calls": [*calls]} if calls else message,
                "finish_reason": answer.finish,
            }
        ],
    }
    return {**body, "usage": {**answer.reported_usage}} if with_usage else body


def chunks(answer: Performance, model: str, *, with_usage: bool) -> Iterator[bytes]:
    """The completion as server-sent events: words, calls in pieces, the finish, the usage, the end mark."""

    def chunk(choices: list[JsonObject], usage: JsonObject | None = None) -> bytes:
        body = {**envelope(answer, model, "chat.completion.chunk"), "choices": choices, "usage": usage}
        return f"data: {json.dumps(body)}\n\n".encode()

    def delta(content: JsonObject, finish: str | None = None) -> bytes:
        return chunk([{"index": 0, "delta": content, "finish_reason": finish}])

    yield delta({"role": "assistant", "content": ""})
    for piece in answer.pieces:
        yield delta({"content": piece})
    for index, call in enumerate(answer.message.calls):
        yield from (delta({"tool_calls": [part]}) for part in call_parts(call, index))
    yield delta({}, answer.finish)
    if with_usage:
        yield chunk([], {**answer.reported_usage})
    yield b"data: [DONE]\n\n"


def call_parts(call: ToolCall, index: int) -> Iterator[JsonObject]:
    """A call as vendors stream it: the name first, then its arguments bit by bit."""
    arguments = compact(call.arguments)
    yield {
        "index": index,
        "id": call.call_id,
        "type": "function",
        "function": {"name": call.name, "arguments": ""},
    }
    for at in range(0, len(arguments), ARGUMENT_CHUNK_CHARACTERS):
        yield {"index": index, "function": {"arguments": arguments[at : at + ARGUMENT_CHUNK_CHARACTERS]}}


def call_object(call: ToolCall) -> JsonObject:
    """A call in a whole completion."""
    function: JsonObject = {"name": call.name, "arguments": compact(call.arguments)}
    return {"id": call.call_id, "type": "function", "function": function}


def envelope(answer: Performance, model: str, kind: str) -> JsonObject:
    """What stands around every completion and chunk."""
    return {"id": answer.response_id, "object": kind, "created": CREATED, "model": model}


def error_body(message: str, code: str) -> JsonObject:
    """A failure as OpenAI words it."""
    return {"error": {"message": message, "type": code, "code": code, "param": None}}
