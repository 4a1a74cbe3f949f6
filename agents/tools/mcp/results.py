"""What a server's answer to a call means: plain JSON, or a refusal in the tool's own words."""

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.calls import ToolRefusal
from agents.tools.output import cut_if_large

LONGEST_REFUSAL = 2_000
BASE64_BYTES, BASE64_CHARACTERS = 3, 4


def value_of(result: Mapping[str, JsonValue]) -> JsonValue:
    """The value in a result, in the protocol's own names: structured where there is structure, else its text.

    Bytes (images, sound, files) become a note of their type and size, since an LLM's thread has no place for them.
    Raises ToolRefusal for an answer that the server marks as an error, ValueError for what is no JSON.
    """
    content = result.get("content")
    parts = [_part(each) for each in content if isinstance(each, dict)] if isinstance(content, list) else []
    if result.get("isError"):
        raise ToolRefusal(_text(parts)[:LONGEST_REFUSAL] or "the tool gave no reason")
    structured = result.get("structuredContent")
    if structured is None:
        return cut_if_large(parts[0] if len(parts) == 1 else list[JsonValue](parts))
    notes = [part for part in parts if not isinstance(part, str)]  # its text repeats the structure
    return cut_if_large({"result": structured, "also": list[JsonValue](notes)} if notes else structured)


def _text(parts: Sequence[str | JsonObject]) -> str:
    return "\n".join(part for part in parts if isinstance(part, str))


def _part(block: JsonObject) -> str | JsonObject:
    """One block of content."""
    kind = block.get("type")
    if kind == "text":
        return str(block.get("text", ""))
    if kind == "resource" and isinstance(held := block.get("resource"), dict):
        if "text" in held:
            return {"resource": held.get("uri"), "text": held["text"]}
        return _not_shown("file", held.get("mimeType"), held.get("blob")) | {"resource": held.get("uri")}
    if kind == "resource_link":
        return {"resource": block.get("uri"), "name": block.get("name"), "note": "A link; it was not followed."}
    return _not_shown(str(kind), block.get("mimeType"), block.get("data"))


def _not_shown(what: str, media_type: JsonValue, data: JsonValue) -> JsonObject:
    size = _bytes_in(data) if isinstance(data, str) else 0
    return {"type": what, "media_type": media_type, "bytes": size, "note": f"{size:,} bytes of {what}, not shown"}


def _bytes_in(data: str) -> int:
    """How many bytes a base64 text stands for."""
    return len(data) * BASE64_BYTES // BASE64_CHARACTERS - data[-2:].count("=")
