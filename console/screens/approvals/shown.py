"""A call's arguments as people read them: a row each, with what somebody made of it, text by text line. Pure."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from agents.contracts.base import JsonObject
from agents.contracts.specs import ToolSpec
from console.screens.run.json_tree import Node, arguments_of
from console.screens.schema_form import LONG_TEXT, as_text, properties

MOST_LINES = 400


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a text: kept (" "), taken out ("-") or put in ("+")."""

    mark: str
    text: str

    @property
    def word(self) -> str:
        """For those who do not see the mark."""
        return {"-": "removed", "+": "added"}.get(self.mark, "")


@dataclass(frozen=True, slots=True)
class Row:
    """One argument: its name, what the tool says of it, and its value now; ``lines`` only where it was changed."""

    name: str
    about: str
    node: Node | None
    is_long: bool
    lines: Sequence[Line] = ()


def rows_of(tool: ToolSpec | None, before: JsonObject, after: JsonObject) -> list[Row]:
    """The arguments in the order of the tool's own fields, each with its changes."""
    fields = properties_of(tool)
    names = [*(name for name in fields if name in before or name in after), *_others(fields, before, after)]
    nodes = {node.key: node for node in arguments_of(after)}
    return [_row(name, fields.get(name), nodes.get(name), before, after) for name in names]


def properties_of(tool: ToolSpec | None) -> Mapping[str, JsonObject]:
    """What a tool's schema says of each argument."""
    return properties(tool.parameters) if tool else {}


def _others(fields: Mapping[str, JsonObject], before: JsonObject, after: JsonObject) -> list[str]:
    return [name for name in {**before, **after} if name not in fields]


def _row(name: str, field: JsonObject | None, node: Node | None, before: JsonObject, after: JsonObject) -> Row:
    about = str((field or {}).get("description") or "")
    value = after.get(name)
    text = as_text(value) if name in after else ""
    was = as_text(before[name]) if name in before else ""
    is_long = isinstance(value, dict | list) or "\n" in text or len(text) > LONG_TEXT
    changed = name not in before or name not in after or type(before[name]) is not type(value) or before[name] != value
    lines = tuple(_lines(was, text)) if changed else ()
    return Row(name, about, node, is_long, lines)


def _lines(before: str, after: str) -> Iterator[Line]:
    old, new = before.splitlines()[:MOST_LINES], after.splitlines()[:MOST_LINES]
    for line in difflib.ndiff(old, new):
        if line[0] != "?":
            yield Line(line[0], line[2:])
