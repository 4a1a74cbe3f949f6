"""For LLMs that cannot call tools but by writing JSON: the request in plain text, and the calls out of the answer.

A call is a JSON object with exactly ``name`` and ``arguments``, fenced or bare, alone or in a list, with whatever text
around it. What begins like one and cannot be read is a call without arguments that keeps its text: the LLM is told so.
Nothing is mended or guessed. The boundary judges these calls like any others.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import JsonValue

from agents.contracts.llms import Finish, LLMRequest, LLMResponse, ToolSchema
from agents.contracts.messages import AssistantMessage, Message, SystemMessage, ToolCall, ToolMessage, UserMessage
from agents.llms.arguments import json_object
from agents.llms.result_text import compact, result_text

HOW = (
    "\n\nYou can call tools. To call one, answer with nothing but a fenced JSON object of exactly this form, one for "
    'each call:\n```json\n{{"name": "the tool", "arguments": {{"field": "value"}}}}\n```\nThe results come in the next '
    "message. When you are done, answer in plain text without such an object.\nThe tools, with the JSON Schema of "
    "their arguments:\n{tools}"
)
FENCE = "```"
KEYS = {"name", "arguments"}
OPENING = re.compile(r"[\[{]")
BEGINS_LIKE_A_CALL = re.compile(r'[\[\s]{0,20}\{\s*"(?:name"\s*:\s*"(?:[^"\\]|\\.)*"\s*,\s*"arguments"|arguments")\s*:')
NAME = re.compile(r'\{\s*"name"\s*:\s*"([^"\\]{1,200})"')
EMPTY_FENCE = re.compile(r"```[\w-]*\s*```")
MOST_STARTS = 500
"""Brackets at which a value is looked for; behind them all is text."""


@dataclass(frozen=True, slots=True)
class Found:
    """A call and where it stands in the text."""

    start: int
    end: int
    name: str
    raw: str
    readable: bool


def in_text(request: LLMRequest) -> LLMRequest:
    """The same request for an LLM that knows no tools: they are described, and calls and results are text."""
    messages = [_in_words(message) for message in request.messages]
    if request.tools:
        told = HOW.format(tools="\n".join(map(_described, request.tools)))
        first = messages[0] if messages else None
        if isinstance(first, SystemMessage):
            messages[0] = SystemMessage(text=first.text + told)
        else:
            messages.insert(0, SystemMessage(text=told.strip()))
    return request.model_copy(update={"messages": tuple(messages), "tools": ()})


def out_of_text(response: LLMResponse) -> LLMResponse:
    """The same answer with the calls that its text makes. One that has calls already comes back as it is."""
    message = response.message
    found = () if message.calls else tuple(calls_in(message.text))
    if not found:
        return response
    calls = tuple(_call(number, each) for number, each in enumerate(found, start=1))
    finish: Finish = "tool_calls" if response.finish in ("stop", "other") else response.finish
    own = message.model_copy(update={"text": _around(message.text, found), "calls": calls, "vendor_state": None})
    return response.model_copy(update={"message": own, "finish": finish})


def calls_in(text: str) -> Iterator[Found]:
    """Every call in a text, in order. What stands inside another JSON value is no call."""
    reader, place = json.JSONDecoder(object_pairs_hook=_without_doubles, parse_constant=_no_constant), 0
    for _ in range(MOST_STARTS):
        opening = OPENING.search(text, place)
        if opening is None:
            return
        start = opening.start()
        try:
            value, end = reader.raw_decode(text, start)
        except (ValueError, RecursionError):
            if BEGINS_LIKE_A_CALL.match(text, start):
                end = _end_of_broken(text, start)
                yield Found(start, end, _name(text[start:end]), text[start:end].strip(), readable=False)
                place = end
            else:
                place = start + 1
            continue
        yield from _calls_of(value, text, start, end)
        place = end


def _calls_of(value: JsonValue, text: str, start: int, end: int) -> Iterator[Found]:
    """The calls that one JSON value is: an object, or a list of nothing else. What only resembles one is not read."""
    several = value if isinstance(value, list) else [value]
    objects = [each for each in several if isinstance(each, dict) and each.keys() >= KEYS]
    if len(objects) < len(several) or not all(
        each.keys() == KEYS and isinstance(each["name"], str) for each in objects
    ):
        if objects:
            yield Found(start, end, _name(text[start:end]), text[start:end], readable=False)
        return
    for each in objects:
        arguments = each["arguments"]
        raw = json.dumps(arguments if isinstance(arguments, dict) else each, ensure_ascii=False)
        yield Found(start, end, str(each["name"]), raw, readable=isinstance(arguments, dict))


def _call(number: int, found: Found) -> ToolCall:
    """The call; its id is made unique within the run by whoever asked."""
    arguments = json_object(found.raw) if found.readable else None
    raw = "" if arguments is not None else found.raw
    return ToolCall(call_id=f"text_{number}", name=found.name, arguments=arguments, arguments_raw=raw)


def _end_of_broken(text: str, start: int) -> int:
    """Where a call that cannot be read ends: at the next fence, or with the text. Nothing inside it is read."""
    fence = text.find(f"\n{FENCE}", start)
    return fence if fence >= 0 else len(text)


def _name(broken: str) -> str:
    found = NAME.search(broken)
    return found.group(1) if found else "unreadable_call"


def _around(text: str, found: tuple[Found, ...]) -> str:
    """What the LLM said beside its calls."""
    kept, place = [], 0
    for each in found:
        kept.append(text[place : each.start] if each.start >= place else "")
        place = max(place, each.end)
    return EMPTY_FENCE.sub("", "".join([*kept, text[place:]])).strip()


def _without_doubles(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    """An object that says a thing twice is not read: nobody knows which was meant."""
    read = dict(pairs)
    if len(read) < len(pairs):
        raise ValueError("a field stands there twice")
    return read


def _no_constant(name: str) -> JsonValue:
    raise ValueError(f"{name} is no JSON")


def _described(tool: ToolSchema) -> str:
    return f"- {tool.name}: {tool.description}\n  {compact(tool.parameters)}"


def _in_words(message: Message) -> Message:
    match message:
        case ToolMessage():
            text = f"Result of {message.name} ({message.call_id}, {message.status}):\n{result_text(message)}"
            return UserMessage(text=text)
        case AssistantMessage(calls=calls) if calls:
            return AssistantMessage(text="\n".join([message.text, *map(_written, calls)]).strip())
        case _:
            return message


def _written(call: ToolCall) -> str:
    """A call as its LLM wrote it."""
    if call.arguments is None:
        return call.arguments_raw
    return f"{FENCE}json\n{compact({'name': call.name, 'arguments': call.arguments})}\n{FENCE}"
