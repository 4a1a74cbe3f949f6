"""Large tool outputs stay out of the thread: a head, a size, and a handle with which the LLM can read on."""

import hashlib
import json

from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.messages import ToolCall, ToolStatus
from agents.engine.ports import Memory
from agents.engine.sources import cited
from agents.engine.work import Work
from agents.tools.output import CutText

PAGE_CHARACTERS = 6_000
MOST_SOURCES = 20


def bounded(work: Work, content: JsonValue) -> tuple[JsonValue, str]:
    """The content as the thread carries it, and the handle of what is kept of the whole ("" when it fits)."""
    limit = work.state.input.spec.memory.inline_characters
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    if len(text) <= limit and not isinstance(content, CutText):
        return content, ""
    kept = text.encode("utf-8", "backslashreplace")
    handle = hashlib.sha256(kept).hexdigest()
    work.batch.blobs.append(kept)
    head: JsonObject = {
        "head": text[:limit],
        "characters": len(text),
        "handle": handle,
        "note": f"Shown to character {limit}; read on with read_more.",
    }
    return {**head, **_cut(content), **_sources(content)}, handle


def figures(content: JsonValue) -> JsonObject:
    """What an event says of an output that was cut; nothing for any other."""
    if not isinstance(content, CutText):
        return {}
    return {
        "output_bytes": content.size_bytes,
        "output_sha256": content.sha256,
        "kept_characters": len(content),
    }


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


def _cut(content: JsonValue) -> JsonObject:
    if not isinstance(content, CutText):
        return {}
    return {
        "size_bytes": content.size_bytes,
        "sha256": content.sha256,
        "cut": f"The output had {content.size_bytes} bytes; only the first {len(content)} characters were kept.",
    }


def _sources(content: JsonValue) -> JsonObject:
    """The first sources in it and the last, so that they can be cited and no number is given twice."""
    found = sorted(cited(content).items(), key=lambda source: source[1])
    named: list[JsonValue] = [{"source": handle, "cite": number} for handle, number in found]
    return {"sources": named[:MOST_SOURCES] + named[MOST_SOURCES:][-1:]} if named else {}
