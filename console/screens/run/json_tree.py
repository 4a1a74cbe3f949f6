"""JSON as a tree that people open and close, bounded: an LLM or a tool may say anything at any length. Pure."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal

from pydantic import JsonValue

from agents.contracts.base import JsonObject

Kind = Literal["object", "array", "text", "value"]

MOST_NODES = 400
"""Of a value; what is left is in the text below it, and in the file."""
DEEPEST = 12
OPEN_DEPTH = 2
SHORT_CHARACTERS = 400
"""A text is shown so far, the rest on demand."""
FOLDED_FROM = 1_200
"""The same of arguments: most letters are seen whole."""
LONGEST_SHOWN = 20_000
PLAIN_NAME = str.isidentifier


@dataclass(slots=True)
class Node:
    """One value under its key; ``path`` finds it in the whole, such as ``$.results[0].title``.

    ``head`` is a long text's beginning. ``left_out`` counts the children that found no room.
    """

    key: str
    path: str
    kind: Kind
    text: str = ""
    head: str = ""
    size: int = 0
    opened: bool = False
    left_out: int = 0
    children: list["Node"] = field(default_factory=list)

    @property
    def is_cut(self) -> bool:
        """Whether even the opened text is not the whole."""
        return self.kind == "text" and self.size > len(self.text)


@dataclass(frozen=True, slots=True)
class Tree:
    """A value to look at: its tree, itself as text, and how long that is when it is too long to be shown whole."""

    name: str
    title: str
    root: Node
    text: str
    characters: int
    cut: bool


def tree_of(name: str, title: str, value: JsonValue) -> Tree:
    """The tree of a value that is stored under a name."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
    root = _node("", "$", value, 0, _Room(MOST_NODES, SHORT_CHARACTERS))
    return Tree(name, title, root, text[:LONGEST_SHOWN], len(text), len(text) > LONGEST_SHOWN)


def arguments_of(value: JsonObject) -> list[Node]:
    """What a call is made with, each argument a tree; its texts are folded later than a trace's."""
    return _node("", "$", value, 0, _Room(MOST_NODES, FOLDED_FROM)).children


@dataclass(slots=True)
class _Room:
    left: int
    fold: int

    def take(self, found: Iterable[tuple[str, str, JsonValue]]) -> Iterator[tuple[str, str, JsonValue]]:
        for each in found:
            if self.left <= 0:
                return
            self.left -= 1
            yield each


def _node(key: str, path: str, value: JsonValue, depth: int, room: _Room) -> Node:
    if isinstance(value, dict | list):
        return _branch(key, path, value, depth, room)
    if isinstance(value, str):
        head = value[: room.fold] if len(value) > room.fold else ""
        return Node(key, path, "text", value[:LONGEST_SHOWN], head, len(value))
    return Node(key, path, "value", json.dumps(value))


def _branch(key: str, path: str, value: dict[str, JsonValue] | list[JsonValue], depth: int, room: _Room) -> Node:
    node = Node(key, path, "object" if isinstance(value, dict) else "array", size=len(value))
    node.opened = depth < OPEN_DEPTH
    # A level is taken whole before one of its children goes deeper, so that no first child eats up all the room.
    level = list(room.take(islice(_parts(path, value), MOST_NODES))) if depth < DEEPEST else []
    node.children = [_node(name, where, child, depth + 1, room) for name, where, child in level]
    node.left_out = len(value) - len(level)
    return node


def _parts(path: str, value: dict[str, JsonValue] | list[JsonValue]) -> Iterator[tuple[str, str, JsonValue]]:
    if isinstance(value, list):
        for place, child in enumerate(value):
            yield str(place), f"{path}[{place}]", child
        return
    for name, child in value.items():
        step = f".{name}" if PLAIN_NAME(name) else f"[{json.dumps(name, ensure_ascii=False)}]"
        yield name, f"{path}{step}", child
