"""A tool's result as the text that an LLM reads."""

import json

from pydantic import JsonValue

from agents.contracts.messages import ToolMessage


def result_text(message: ToolMessage) -> str:
    """The content as text; a status that it does not carry itself is put around it for the LLM to see."""
    content = message.content
    if message.status != "ok" and not (isinstance(content, dict) and content.get("status") == message.status):
        content = {"status": message.status, "content": content}
    return content if isinstance(content, str) else compact(content)


def compact(value: JsonValue) -> str:
    """JSON without spaces: they cost tokens."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
