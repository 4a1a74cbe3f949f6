"""Large tool outputs stay out of the thread: a head, a size, and a handle with which the LLM can read on."""

import hashlib
import json

from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.messages import ToolCall, ToolStatus
from agents.engine.ports import Memory
from agents.engine.work import Work

MOST_CHARACTERS = 50_000_000  # more than any tool should say; the rest is dropped, and the size tells
PAGE_CHARACTERS = 6_000


def bounded(work: Work, content: JsonValue) -> tuple[JsonValue, str]:
    """The content as the thread carries it, and the handle of the whole ("" when it fits)."""
    limit = work.state.input.spec.memory.inline_characters
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    if len(text) <= limit:
        return content, ""
    whole = text[:MOST_CHARACTERS].encode("utf-8", "backslashreplace")
    handle = hashlib.sha256(whole).hexdigest()
    work.batch.blobs.append(whole)
    head: JsonObject = {
        "head": text[:limit],
        "characters": len(text),
        "handle": handle,
        "note": f"Shown to character {limit}; read on with read_more.",
    }
    return head, handle


def read_more(memory: Memory, call: ToolCall) -> tuple[ToolStatus, JsonObject]:
    """The next page of a large output; an error result for a handle that this run does not have."""
    arguments = call.arguments or {}
    handle, offset = arguments.get("handle"), arguments.get("offset")
    if not isinstance(handle, str) or type(offset) is not int or offset < 0:
        return "error", {"status": "error", "error_type": "invalid_arguments", "hint": "Give handle and offset."}
    text = memory.read_blob(handle)
    if text is None:
        return "error", {"status": "error", "error_type": "refused", "error": "This run has no output of that handle."}
    page = text[offset : offset + PAGE_CHARACTERS]
    end = offset + len(page)
    return "ok", {"text": page, "next_offset": end if end < len(text) else None, "characters": len(text)}
