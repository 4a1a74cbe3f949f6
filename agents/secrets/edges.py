"""What comes in from LLMs and tools loses its secrets here, before the engine sees it.

So what is stored, what a key or an approval is made of, and what a resumed run goes on with are all the same.
"""

from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.calls import ToolRefusal
from agents.contracts.llms import LLMError, LLMResponse
from agents.contracts.messages import AssistantMessage, ToolCall
from agents.engine.ports import ImplementationFailed
from agents.secrets.matcher import Matcher
from agents.secrets.redaction import known
from agents.tools.output import CutText


def answer_to_keep(response: LLMResponse) -> LLMResponse:
    """An LLM's answer without secrets; the very same one when it has none."""
    matcher, message = known.matcher, response.message
    said: list[JsonValue] = [message.text, message.reasoning, message.vendor_state]
    for call in message.calls:
        said += (call.call_id, call.name, call.arguments, call.arguments_raw)
    around: list[JsonValue] = [response.vendor_usage, response.served_llm, response.response_id]
    if not matcher.holds(*said, *around):
        return response
    changes = {
        "message": _message(message, matcher) if matcher.holds(*said) else message,
        "vendor_usage": object_to_keep(response.vendor_usage),
        "served_llm": matcher.text(response.served_llm),
        "response_id": matcher.text(response.response_id),
    }
    return response.model_copy(update=changes)


def without_secrets(error: LLMError | ToolRefusal | ImplementationFailed) -> None:
    """Take the secrets out of what a vendor or a tool said as it failed; its texts may have been cut to a length."""
    error.args = tuple(known.matcher.cut(each) if isinstance(each, str) else each for each in error.args)
    if isinstance(error, LLMError):
        error.detail = known.matcher.cut(error.detail)
        error.vendor_usage = object_to_keep(error.vendor_usage)
    elif isinstance(error, ImplementationFailed):
        error.error = known.matcher.cut(error.error)


def output_to_keep(value: JsonValue) -> JsonValue:
    """A tool's output without secrets; of the head of a large one, size and digest stay those of the whole."""
    if isinstance(value, CutText):
        return CutText.of(known.matcher.cut(str(value)), size_bytes=value.size_bytes, sha256=value.sha256)
    return known.matcher.json(value)


def object_to_keep(value: JsonObject) -> JsonObject:
    """An object without secrets, an object still."""
    kept = known.matcher.json(value)
    return kept if isinstance(kept, dict) else {"redacted": kept}


def _message(message: AssistantMessage, matcher: Matcher) -> AssistantMessage:
    """Without the vendor's state: a signature over other text is refused, and an answer without one is not."""
    calls = tuple(_call(call, matcher) for call in message.calls)
    text, reasoning = matcher.text(message.text), matcher.text(message.reasoning)
    return message.model_copy(update={"text": text, "reasoning": reasoning, "calls": calls, "vendor_state": None})


def _call(call: ToolCall, matcher: Matcher) -> ToolCall:
    return ToolCall(
        call_id=matcher.text(call.call_id),
        name=matcher.text(call.name),
        arguments=None if call.arguments is None else object_to_keep(call.arguments),
        arguments_raw=matcher.text(call.arguments_raw),
    )
