"""Rewrites a whole chat completion as the stream it should have been, for servers that never stream.

The library reads streams leniently and whole completions strictly; servers that get one wrong get more wrong.
"""

import json

from pydantic import JsonValue

from agents.contracts.base import JsonObject


def as_stream(completion: JsonObject) -> bytes:
    """The completion's first choice as one chunk and the end mark, in server-sent events."""
    choices = completion.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    chunk = {
        "id": completion.get("id") or "",
        "object": "chat.completion.chunk",
        "created": completion.get("created") or 0,
        "model": completion.get("model") or "",
        "choices": [chunk_choice(choice)] if isinstance(choice, dict) else [],
    }
    return f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n".encode()


def chunk_choice(choice: JsonObject) -> JsonObject:
    """A choice with its message as delta."""
    message = choice.get("message")
    delta = dict(message) if isinstance(message, dict) else {}
    function = delta.pop("function_call", None)
    calls = delta.get("tool_calls")
    if isinstance(calls, list):
        delta["tool_calls"] = [call_delta(call, index) for index, call in enumerate(calls) if isinstance(call, dict)]
    elif isinstance(function, dict) and function.get("name"):  # OpenAI's older way of calling
        delta["tool_calls"] = [call_delta({"function": function}, 0)]
    return {"index": 0, "delta": delta, "finish_reason": choice.get("finish_reason")}


def call_delta(call: JsonObject, index: int) -> JsonValue:
    """A call with what a stream needs beside it."""
    return {"id": f"call_{index}", "type": "function", **call, "index": index}
