"""Numbers for what the tools let an LLM read, so that an answer can cite [1] and the critic can check it."""

from collections.abc import Iterator, Mapping

from pydantic import JsonValue

MOST_HANDLES = 2_000
"""A source that was read so many sources ago gets a new number when it is read again; its old one stays good."""


class Numbers:
    """The numbers that sources have in a run: counted from 1 without a hole, each handle's own while it is known."""

    def __init__(self) -> None:
        self.given = 0
        self._by_handle: dict[str, int] = {}

    def get(self, handle: str) -> int | None:
        """The number of a handle; None for one that is not known."""
        return self._by_handle.get(handle)

    def update(self, found: Mapping[str, int]) -> None:
        """Take numbers as given; their handles are now the newest."""
        for handle, number in found.items():
            self.given = max(self.given, number)
            self._by_handle.pop(handle, None)
            self._by_handle[handle] = number
            if len(self._by_handle) > MOST_HANDLES:
                del self._by_handle[next(iter(self._by_handle))]

    def values(self) -> range:
        """Every number that was given."""
        return range(1, self.given + 1)

    def __len__(self) -> int:
        return len(self._by_handle)


def walk(value: JsonValue) -> Iterator[dict[str, JsonValue]]:
    """Every object anywhere in a JSON value, outermost first."""
    if isinstance(value, dict):
        yield value
        for child in value.values():
            yield from walk(child)
    elif isinstance(value, list):
        for child in value:
            yield from walk(child)


def numbered(value: JsonValue, known: Numbers) -> JsonValue:
    """A copy in which each object with a ``source`` handle has its number as ``cite``.

    A handle keeps the number it got first in this run; ``known`` is read, not changed.
    """
    fresh: dict[str, int] = {}

    def copy(part: JsonValue) -> JsonValue:
        if isinstance(part, list):
            return [copy(child) for child in part]
        if not isinstance(part, dict):
            return part
        result = {name: copy(child) for name, child in part.items()}
        handle = part.get("source")
        if isinstance(handle, str) and handle:
            result["cite"] = known.get(handle) or fresh.setdefault(handle, known.given + len(fresh) + 1)
        return result

    return copy(value)


def cited(value: JsonValue) -> dict[str, int]:
    """The handles and numbers that a numbered value carries."""
    found: dict[str, int] = {}
    for part in walk(value):
        handle, number = part.get("source"), part.get("cite")
        if isinstance(handle, str) and handle and type(number) is int:
            found[handle] = number
    return found
