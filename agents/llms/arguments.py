"""Arguments of a call: the text an LLM sent, parsed into an object or kept as it is."""

import json

from pydantic import JsonValue
from pydantic_core import from_json

from agents.contracts.base import JsonObject
from agents.contracts.messages import ToolCall
from agents.llms.clean_text import mended


def parsed_call(call_id: str, name: str, raw: str | None, *, whole: bool) -> ToolCall:
    """The call with its arguments parsed; None with the raw text when they are no JSON object.

    Empty text means no arguments, as vendors write a call without any. When the answer was not ``whole``
    (it hit its length limit), empty text may as well be arguments that never came, and is no object either.
    """
    raw = mended(raw or "")
    if not raw.strip() and whole:
        return ToolCall(call_id=call_id, name=name, arguments={})
    arguments = json_object(raw)
    return ToolCall(call_id=call_id, name=name, arguments=arguments, arguments_raw="" if arguments is not None else raw)


def json_object(raw: str) -> JsonObject | None:
    """The object in a text; None for broken JSON, other values, NaN, infinities and lone surrogates."""
    try:
        value: JsonValue = from_json(raw, allow_inf_nan=False)
    except ValueError:
        return None
    return value if isinstance(value, dict) and _finite(value) else None


def _finite(value: JsonValue) -> bool:
    """False when there is a number such as 1e400 in it, which the parser takes for an infinity."""
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True


def arguments_to_send(call: ToolCall) -> JsonObject:
    """The arguments in the shape every vendor takes back: an object, even where the LLM had sent none."""
    return call.arguments if call.arguments is not None else {"INVALID_JSON": call.arguments_raw}
