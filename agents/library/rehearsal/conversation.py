"""A conversation as a policy reads it: the task, what was called, what came back, what has to be mended."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.llms import ToolSchema
from agents.contracts.messages import AssistantMessage, Message, ToolCall, ToolMessage, UserMessage

REASON_FIELDS = ("error", "hint", "message", "reason", "detail", "text", "advice", "note")


@dataclass(frozen=True)
class Wanted:
    """A call that a policy wants to have the result of."""

    tool: str
    arguments: JsonObject


@dataclass(frozen=True)
class Source:
    """Something a tool returned that can be cited; ``cite`` is None while the runtime has not numbered it."""

    source: str
    title: str
    text: str
    cite: int | None


class Conversation:
    """The messages so far, with the questions that every policy asks of them."""

    def __init__(self, messages: Sequence[Message], tools: Sequence[ToolSchema]) -> None:
        self.messages = tuple(messages)
        self.tools = frozenset(tool.name for tool in tools)

    @cached_property
    def task(self) -> str:
        """What the operator asked for: the first user message."""
        return next((each.text for each in self.messages if isinstance(each, UserMessage)), "")

    @cached_property
    def calls(self) -> tuple[ToolCall, ...]:
        return tuple(call for each in self.messages if isinstance(each, AssistantMessage) for call in each.calls)

    @cached_property
    def results(self) -> dict[str, ToolMessage]:
        """Results under their call ids."""
        return {each.call_id: each for each in self.messages if isinstance(each, ToolMessage)}

    def result(self, wanted: Wanted) -> ToolMessage | None:
        """The latest result of exactly this call."""
        for call in reversed(self.calls):
            if call.name == wanted.tool and call.arguments == wanted.arguments and call.call_id in self.results:
                return self.results[call.call_id]
        return None

    def results_of(self, tool: str) -> tuple[ToolMessage, ...]:
        """All results of a tool, oldest first."""
        return tuple(each for each in self.messages if isinstance(each, ToolMessage) and each.name == tool)

    def objects_of(self, tool: str) -> tuple[JsonObject, ...]:
        """What a tool returned where it worked and its result is still an object."""
        found = (unwrapped(each.content) for each in self.results_of(tool) if each.status == "ok")
        return tuple(content for content in found if isinstance(content, dict))

    def missing(self, wanted: Sequence[Wanted]) -> tuple[Wanted, ...]:
        """Those of the wanted calls that can be made and have no result yet, each once."""
        fresh: list[Wanted] = []
        for each in wanted:
            if each.tool in self.tools and each not in fresh and self.result(each) is None:
                fresh.append(each)
        return tuple(fresh)

    def ask(self, text: str, wanted: Sequence[Wanted]) -> AssistantMessage:
        """An answer that makes these calls; ids count on through the conversation."""
        first = len(self.calls) + 1
        calls = tuple(
            ToolCall(call_id=f"call_{number}", name=each.tool, arguments=each.arguments)
            for number, each in enumerate(wanted, start=first)
        )
        return AssistantMessage(text=text, calls=calls)

    @cached_property
    def shortened(self) -> tuple[str, ...]:
        """Results of which memory kept only a text."""
        return tuple(
            each.content.strip()
            for each in self.messages
            if isinstance(each, ToolMessage) and each.status == "ok" and isinstance(each.content, str)
        )

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """Everything citable that the tools returned, once for each handle, in order of appearance."""
        found: dict[str, Source] = {}
        for each in self.messages:
            if isinstance(each, ToolMessage):
                for source in sources_in(each.content):
                    found.setdefault(source.source, source)
        return tuple(found.values())

    @cached_property
    def complaints(self) -> tuple[str, ...]:
        """All requests to revise, oldest first: what was mended must stay mended."""
        users = [each.text for each in self.messages if isinstance(each, UserMessage)]
        return tuple(text for text in users[1:] if "revise" in text.lower())


def unwrapped(content: JsonValue) -> JsonValue:
    """What the tool returned, without the note that the runtime puts around a repeated result."""
    if isinstance(content, dict) and content.keys() == {"result", "note"}:
        return content["result"]
    return content


def sources_in(content: JsonValue) -> Iterator[Source]:
    """The citable objects inside a tool's result, depth first."""
    if isinstance(content, dict):
        handle, cite = content.get("source"), content.get("cite")
        if isinstance(handle, str) and handle:
            number = cite if isinstance(cite, int) and not isinstance(cite, bool) else None
            yield Source(handle, _text(content.get("title")), _text(content.get("text")), number)
        for value in content.values():
            yield from sources_in(value)
    elif isinstance(content, list):
        for value in content:
            yield from sources_in(value)


def cited(source: Source | None) -> str:
    """The mark that cites a source, with a space before it; nothing for one without a number."""
    return f" [{source.cite}]" if source is not None and source.cite is not None else ""


def cite_of(content: JsonObject) -> str:
    """The mark that cites an object of a tool's result."""
    return cited(next(sources_in(content), None))


def reason_of(message: ToolMessage) -> str:
    """Why a call gave nothing, in the runtime's or the tool's own words."""
    if isinstance(message.content, str):
        return message.content.strip()
    if isinstance(message.content, dict):
        for field in REASON_FIELDS:
            value = message.content.get(field)
            if isinstance(value, str) and value.strip():
                return value.strip()
    return json.dumps(message.content, ensure_ascii=False)[:300]


def strings_at(content: JsonObject, field: str) -> tuple[str, ...]:
    """The strings of a list field; empty when it is none."""
    value = content.get(field)
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def objects_at(content: JsonObject, field: str) -> tuple[JsonObject, ...]:
    """The objects of a list field; empty when it is none."""
    value = content.get(field)
    return tuple(each for each in value if isinstance(each, dict)) if isinstance(value, list) else ()


def string_at(content: JsonObject, field: str) -> str:
    """A string field; empty when it is none."""
    return _text(content.get(field))


def number_at(content: JsonObject, field: str) -> int:
    """An integer field; 0 when it is none."""
    value = content.get(field)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else ""
