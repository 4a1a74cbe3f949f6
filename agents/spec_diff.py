"""What is different between two versions of an agent, in the words that people know its parts by."""

import difflib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from pydantic import BaseModel

from agents.contracts.base import JsonObject
from agents.contracts.specs import AgentSpec, CheckSpec, ToolSpec

CONTEXT_LINES = 3
TEXTS = ("system_prompt",)
SCHEMAS = ("input_schema",)
WORDS = {
    "title": "Title",
    "purpose": "Purpose",
    "example_task": "Example task",
    "system_prompt": "Instructions",
    "llms": "LLM chain",
    "summary_llm": "LLM that summarises",
    "grading": "Grading",
    "accepts": "Accepts files",
    "llms_calling_in_text": "LLMs that call in text",
    "input_schema": "Input",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a long text: ``+`` new, ``-`` gone, `` `` as before, ``@`` where lines were left out."""

    sign: str
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """One part that differs; ``lines`` are there for long texts, ``before`` and ``after`` for all others."""

    part: str
    before: str = ""
    after: str = ""
    lines: list[Line] = field(default_factory=list)


def changes(before: AgentSpec, after: AgentSpec) -> list[Change]:
    """Everything that differs, in the order in which a version is read; empty when they are the same."""
    return [*_fields(before, after), *_tools(before, after), *_checks(before, after), *_numbers(before, after)]


def _fields(before: AgentSpec, after: AgentSpec) -> Iterator[Change]:
    for name, part in WORDS.items():
        was, now = getattr(before, name), getattr(after, name)
        if was == now:
            continue
        if name in TEXTS:
            yield Change(part, lines=list(diff_lines(was, now)))
        elif name in SCHEMAS:
            yield Change(part, lines=list(diff_lines(_schema(was), _schema(now))))
        else:
            yield Change(part, _shown(was), _shown(now))


def _tools(before: AgentSpec, after: AgentSpec) -> Iterator[Change]:
    was = {tool.name: tool for tool in before.tools}
    now = {tool.name: tool for tool in after.tools}
    for name in sorted(was.keys() | now.keys()):
        if name not in now:
            yield Change(f"Tool {name}", "given", "taken away")
        elif name not in was:
            yield Change(f"Tool {name}", "", "given")
        elif was[name] != now[name]:
            yield Change(f"Tool {name}", lines=list(diff_lines(_json(was[name]), _json(now[name]))))


def _checks(before: AgentSpec, after: AgentSpec) -> Iterator[Change]:
    was, now = list(map(_check, before.checks)), list(map(_check, after.checks))
    for text in was:
        if text not in now:
            yield Change("Check", text, "")
    for text in now:
        if text not in was:
            yield Change("Check", "", text)


def _numbers(before: AgentSpec, after: AgentSpec) -> Iterator[Change]:
    for part, was, now in (("Memory", before.memory, after.memory), ("Limit", before.limits, after.limits)):
        for name in type(was).model_fields:
            old, new = getattr(was, name), getattr(now, name)
            if old != new:
                yield Change(f"{part}: {name.replace('_', ' ')}", f"{old:,}", f"{new:,}")


def diff_lines(before: str, after: str) -> Iterator[Line]:
    """The lines that differ with a few around them."""
    for number, line in enumerate(
        difflib.unified_diff(before.splitlines(), after.splitlines(), n=CONTEXT_LINES, lineterm="")
    ):
        if number < 2:
            continue  # the names of files that there are none of
        yield Line("@", "") if line.startswith("@@") else Line(line[:1], line[1:])


def _check(spec: CheckSpec) -> str:
    return f"{spec.check} {json.dumps(spec.settings, sort_keys=True)}" if spec.settings else spec.check


def _json(spec: ToolSpec) -> str:
    return json.dumps(spec.model_dump(mode="json", exclude_defaults=True), indent=1, sort_keys=True)


def _schema(schema: JsonObject) -> str:
    return json.dumps(schema, indent=1, sort_keys=True) if schema else "any text"


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return " → ".join(map(str, value)) or "none"
    if isinstance(value, BaseModel):
        return json.dumps(value.model_dump(mode="json"), sort_keys=True)
    return str(value) if value else "none"
