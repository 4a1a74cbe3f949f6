"""What is wrong with a file, and where: one line each."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

SHOWN_CHARACTERS = 60
# A key or a value could otherwise move the cursor, colour the terminal, or begin a line of its own.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a file; both count from 1, columns in characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing that is wrong: where, at which setting (empty: the file as a whole), and what."""

    place: Place
    path: str
    text: str

    def in_file(self, name: str) -> str:
        """The line that people and editors read: `FILE:12:5: tiers.acme.free-chat.run: "1,50" is not ...`."""
        where = f"{name}:{self.place.line}:{self.place.column}: "
        return where + (f"{self.path}: {self.text}" if self.path else self.text)


class Refused(Exception):
    """The file cannot be applied, and nothing was; every fault that was found, in the file's order."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("; ".join(fault.text for fault in self.faults))


def dotted(path: Path) -> str:
    """A path as people read it, such as tiers.acme.free-chat.run."""
    return ".".join(one_line(str(part)) for part in path)


def quoted(text: str) -> str:
    """A value as it was written, cut to a length that fits a line."""
    return f'"{one_line(text)}"'


def one_line(text: str, limit: int = SHOWN_CHARACTERS) -> str:
    """Text that stays on its line of a terminal."""
    cleaned = _CONTROL.sub(" ", text)
    return cleaned if len(cleaned) <= limit else cleaned[: limit - 1] + "…"
