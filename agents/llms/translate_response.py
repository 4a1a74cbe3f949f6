"""The library's answer in our words."""

from collections.abc import Sequence

from pydantic_ai.messages import (
    ModelResponse,
    ModelResponsePart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
)

from agents.contracts.llms import Finish, LLMResponse
from agents.contracts.messages import AssistantMessage, ToolCall
from agents.llms.arguments import parsed_call
from agents.llms.clean_text import mended
from agents.llms.usage import usage_of
from agents.llms.vendor_state import state_of
from agents.llms.wire import Wire

FINISHES: dict[str, Finish] = {
    "stop": "stop",
    "tool_call": "tool_calls",
    "length": "length",
    "content_filter": "content_filter",
}
MAX_NAME_CHARACTERS = 200


def our_response(answer: ModelResponse, wire: Wire, *, vendor: str, asked: str) -> LLMResponse:
    """The complete answer; usage comes from the wire, where it stands as the vendor reported it."""
    reported = wire.reported_usage()
    message = our_message(answer, vendor)
    name = str(answer.model_name or asked)[:MAX_NAME_CHARACTERS]
    return LLMResponse(
        message=message,
        finish=finish_of(answer, message.calls),
        usage=usage_of(reported) if wire.usage_is_final else None,
        vendor_usage=reported,
        served_llm=mended(f"{vendor}:{name}"),
        response_id=mended(str(answer.provider_response_id or "")[:MAX_NAME_CHARACTERS]),
    )


def our_message(answer: ModelResponse, vendor: str) -> AssistantMessage:
    """Text, reasoning and calls of an answer; a refusal's words are its text."""
    parts = with_own_call_ids(answer.parts)
    text = "".join(part.content for part in parts if isinstance(part, TextPart))
    refusal = (answer.provider_details or {}).get("refusal")
    return AssistantMessage(
        text=mended(text) or (mended(refusal) if isinstance(refusal, str) else ""),
        calls=tuple(calls_of(parts, whole=answer.finish_reason not in ("length", "content_filter"))),
        reasoning=mended("".join(part.content for part in parts if isinstance(part, ThinkingPart))),
        vendor_state=state_of(vendor, parts),
    )


def calls_of(parts: Sequence[ModelResponsePart], *, whole: bool) -> list[ToolCall]:
    """The calls in the order in which the LLM made them."""
    return [
        parsed_call(part.tool_call_id, mended(part.tool_name), raw_arguments(part), whole=whole)
        for part in parts
        if isinstance(part, ToolCallPart)
    ]


def raw_arguments(part: ToolCallPart) -> str | None:
    """The arguments as text: Anthropic's whole answers bring them as an object already."""
    return part.args_as_json_str() if isinstance(part.args, dict) else part.args


def with_own_call_ids(parts: Sequence[ModelResponsePart]) -> Sequence[ModelResponsePart]:
    """Give every call of an answer an id of its own: some servers send none, or the same one twice."""
    seen: set[str] = set()
    for number, part in enumerate(parts):
        if isinstance(part, ToolCallPart):
            wanted = mended(part.tool_call_id or "") or f"call_{number}"
            part.tool_call_id = wanted if wanted not in seen else f"{wanted}_{number}"
            seen.add(part.tool_call_id)
    return parts


def finish_of(answer: ModelResponse, calls: Sequence[ToolCall]) -> Finish:
    """Why the answer ended, in our words; vendors word refusals and calls differently."""
    details = answer.provider_details or {}
    if details.get("refusal") or details.get("finish_reason") == "refusal":
        return "refusal"
    finish = FINISHES.get(answer.finish_reason or "", "other")
    if calls and finish in ("stop", "other"):
        return "tool_calls"
    return "stop" if finish == "tool_calls" and not calls else finish
