"""Keeps what a vendor must get back with an answer: signed reasoning, item ids, and where they stood.

The state holds lengths instead of text, so that the answer's text is stored once. When text and lengths no
longer fit together (a secret was redacted), the state is dropped: a signature over other text is refused.
"""

from collections.abc import Sequence
from typing import Any

from pydantic import JsonValue, TypeAdapter, ValidationError
from pydantic_ai.messages import ModelResponsePart, TextPart, ThinkingPart, ToolCallPart

from agents.contracts.base import Contract, JsonObject
from agents.contracts.messages import AssistantMessage, ToolCall
from agents.llms.arguments import arguments_to_send


class PartState(Contract):
    """One part of an answer: how many characters of text or reasoning it took, or which call it was."""

    kind: str
    characters: int = 0
    call_id: str = ""
    id: str | None = None
    signature: str | None = None
    details: JsonObject | None = None


class VendorState(Contract):
    """The parts of one answer in order; ``vendor`` is the one that alone may get them back."""

    vendor: str
    parts: tuple[PartState, ...]


STATE: TypeAdapter[VendorState] = TypeAdapter(VendorState)


def state_of(vendor: str, parts: Sequence[ModelResponsePart]) -> JsonValue:
    """The state worth keeping of an answer, None when plain text and calls say it all."""
    kept = tuple(state for part in parts if (state := part_state(part)) is not None)
    if not any(state.id or state.signature or state.details or state.kind == "thinking" for state in kept):
        return None
    dumped: JsonValue = VendorState(vendor=vendor, parts=kept).model_dump(mode="json", exclude_defaults=True)
    return dumped


def part_state(part: ModelResponsePart) -> PartState | None:
    """The state of one part, None for kinds of part that we never ask for."""
    match part:
        case ThinkingPart():
            return PartState(
                kind="thinking",
                characters=len(part.content),
                id=part.id,
                signature=part.signature,
                details=part.provider_details,
            )
        case TextPart():
            return PartState(kind="text", characters=len(part.content), id=part.id, details=part.provider_details)
        case ToolCallPart():
            return PartState(kind="call", call_id=part.tool_call_id, id=part.id, details=part.provider_details)
        case _:
            return None


def parts_to_send(message: AssistantMessage, vendor: str, provider: str) -> list[ModelResponsePart]:
    """The library's parts for an answer that goes back to a vendor, with state that is that vendor's own."""
    try:
        state = STATE.validate_python(message.vendor_state)
    except ValidationError:
        return plain_parts(message)
    if state.vendor != vendor or not fits(state, message):
        return plain_parts(message)
    return stateful_parts(message, state, provider)


def fits(state: VendorState, message: AssistantMessage) -> bool:
    """Whether the state still describes exactly this text, this reasoning and these calls."""
    taken = {"text": 0, "thinking": 0}
    for part in state.parts:
        if part.kind in taken:
            taken[part.kind] += part.characters
    calls = [part.call_id for part in state.parts if part.kind == "call"]
    same_calls = calls == [call.call_id for call in message.calls]
    return same_calls and taken == {"text": len(message.text), "thinking": len(message.reasoning)}


def plain_parts(message: AssistantMessage) -> list[ModelResponsePart]:
    """Text and calls alone: reasoning of another vendor is not sent on."""
    text: list[ModelResponsePart] = [TextPart(message.text)] if message.text else []
    return [*text, *(call_part(call) for call in message.calls)]


def stateful_parts(message: AssistantMessage, state: VendorState, provider: str) -> list[ModelResponsePart]:
    """The parts as the vendor once sent them."""
    parts: list[ModelResponsePart] = []
    calls = {call.call_id: call for call in message.calls}
    text_at = reasoning_at = 0
    for part in state.parts:
        known = provided_by(provider, part)
        if part.kind == "thinking":
            content = message.reasoning[reasoning_at : reasoning_at + part.characters]
            parts.append(ThinkingPart(content, signature=part.signature, **known))
            reasoning_at += part.characters
        elif part.kind == "text" and part.characters:
            parts.append(TextPart(message.text[text_at : text_at + part.characters], **known))
            text_at += part.characters
        elif part.kind == "call":
            parts.append(call_part(calls[part.call_id], **known))
    return parts


def provided_by(provider: str, part: PartState) -> dict[str, Any]:
    """The library wants a provider's name beside everything that only this provider understands."""
    if part.id is None and part.signature is None and part.details is None:
        return {}
    return {"id": part.id, "provider_name": provider, "provider_details": part.details}


def call_part(call: ToolCall, **known: Any) -> ToolCallPart:
    """A call as the vendor must see it again."""
    return ToolCallPart(call.name, arguments_to_send(call), call.call_id, **known)
