"""Reads YAML as plain text values with their places: no aliases, no tags, no guessing of types."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol, Self

import yaml

from agents.config.faults import Fault, Path, Place, Refused, dotted, one_line

MAX_BYTES = 1_000_000
MAX_DEPTH = 40
MAX_SENTENCE = 200
START = Place(1, 1)
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


class Text(str):
    """A scalar as it was written; `plain` when it stood without quotes and could mean a number."""

    __slots__ = ("plain",)
    plain: bool

    def __new__(cls, text: str, *, plain: bool = False) -> Self:
        """The text itself stays a str to everybody."""
        made = super().__new__(cls, text)
        made.plain = plain
        return made


Tree = Text | list["Tree"] | dict[str, "Tree"]


class _Mark(Protocol):
    """The library's place; it counts from 0."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Source:
    """What a file says, and where it says it: `keys` are the places of keys, `values` of what they stand for."""

    tree: dict[str, Tree]
    keys: dict[Path, Place] = field(default_factory=dict)
    values: dict[Path, Place] = field(default_factory=dict)

    def fault(self, path: Path, text: str, *, at_key: bool = False) -> Fault:
        """A fault at a path; where the file has no such path, at the nearest one that contains it."""
        place = self.keys.get(path) if at_key else self.values.get(path)
        return Fault(place or self._around(path), dotted(path), text)

    def _around(self, path: Path) -> Place:
        """The key of what should contain it: there something is missing."""
        for end in range(len(path), 0, -1):
            if found := self.keys.get(path[:end]) or self.values.get(path[:end]):
                return found
        return START


def read(content: bytes) -> Source:
    """The file's content. Raises `Refused` with the first fault of its form."""
    if len(content) > MAX_BYTES:
        raise Refused([Fault(START, "", f"This file is larger than {MAX_BYTES // 1_000_000} MB.")])
    text = _decoded(content)
    try:
        return _Builder(yaml.parse(text, Loader=yaml.SafeLoader)).source()
    except yaml.reader.ReaderError as error:
        place = _place_of(text, error.position)
        raise Refused([Fault(place, "", f"The character U+{_code(error.character):04X} cannot stand here.")]) from None
    except yaml.MarkedYAMLError as error:
        raise Refused([_fault_of(error)]) from None
    except (ValueError, OverflowError):  # an escape such as "\UFFFFFFFF", which the library does not catch
        raise Refused([Fault(START, "", "An escape stands for no character.")]) from None


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig", "replace")
        fault = Fault(_place_of(before, len(before)), "", "This is not UTF-8 text.")
        raise Refused([fault]) from None


def _place_of(text: str, position: int) -> Place:
    before = text[:position]
    return Place(before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1)


def _code(character: object) -> int:
    return character if isinstance(character, int) else ord(str(character)[:1] or "\x00")


def _fault_of(error: yaml.MarkedYAMLError) -> Fault:
    problem = error.problem or error.context or "this is not YAML"
    begun = f" {error.context} from line {error.context_mark.line + 1} on" if error.context_mark else ""
    text = "A tab: indent with spaces." if "'\\t'" in problem else f"{problem[:1].upper()}{problem[1:]}{begun}."
    return Fault(_place(error.problem_mark or error.context_mark), "", one_line(text, MAX_SENTENCE))


def _place(mark: _Mark | None) -> Place:
    return Place(mark.line + 1, mark.column + 1) if mark else START


class _Builder:
    """Makes the tree from the parser's events, so that nothing is expanded before it was looked at."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self._events = events
        self._keys: dict[Path, Place] = {}
        self._values: dict[Path, Place] = {}

    def source(self) -> Source:
        """The one document of the stream, which must be a mapping."""
        tree: Tree | None = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if tree is not None:
                    raise _refused(event, (), "A second document begins; only one may be in a file.")
                tree = self._node(next(self._events), ())
        if tree is None or (isinstance(tree, Text) and tree == ""):
            raise Refused([Fault(START, "", "There is nothing in this file.")])
        if not isinstance(tree, dict):
            raise Refused([Fault(self._values[()], "", "Sections such as tiers: are expected here.")])
        return Source(tree, self._keys, self._values)

    def _node(self, event: yaml.Event, path: Path) -> Tree:
        _check_form(event, path)
        self._values[path] = _place(event.start_mark)
        if isinstance(event, yaml.ScalarEvent):
            return Text(event.value, plain=event.style is None)
        if isinstance(event, yaml.SequenceStartEvent):
            return [self._node(each, (*path, index)) for index, each in enumerate(self._until(yaml.SequenceEndEvent))]
        return self._mapping(path)

    def _mapping(self, path: Path) -> dict[str, Tree]:
        found: dict[str, Tree] = {}
        for event in self._until(yaml.MappingEndEvent):
            _check_form(event, path)
            if not isinstance(event, yaml.ScalarEvent):
                raise _refused(event, path, "A key must be one word or text.")
            key, below = event.value, (*path, event.value)
            if key in found:
                first = self._keys[below].line
                raise _refused(event, below, f"The key stands here a second time, first on line {first}.")
            self._keys[below] = _place(event.start_mark)
            found[key] = self._node(next(self._events), below)
        return found

    def _until(self, end: type[yaml.Event]) -> Iterator[yaml.Event]:
        while not isinstance(event := next(self._events), end):
            yield event


def _check_form(event: yaml.Event, path: Path) -> None:
    """What YAML can and a file of settings has no need of is refused where it begins."""
    if len(path) > MAX_DEPTH:
        raise _refused(event, path[:3], f"This is nested more than {MAX_DEPTH} levels deep.")
    if isinstance(event, yaml.AliasEvent):
        raise _refused(event, path, "An alias (*) is not followed; write it out.")
    if not isinstance(event, yaml.NodeEvent) or event.anchor is not None:
        raise _refused(event, path, "An anchor (&) is not allowed; write it out where it is needed.")
    if getattr(event, "tag", None) not in (None, "!"):
        raise _refused(event, path, "A tag (!) is not allowed.")
    if isinstance(event, yaml.ScalarEvent) and _UNSTORABLE.search(event.value):
        raise _refused(event, path, "NUL and halves of surrogate pairs cannot be stored.")


def _refused(event: yaml.Event, path: Path, text: str) -> Refused:
    return Refused([Fault(_place(event.start_mark), dotted(path), text)])
