"""Numbers for what the tools let an LLM read, so that an answer can cite [1] and the critic can check it."""

from collections.abc import Iterator

from pydantic import JsonValue


def walk(value: JsonValue) -> Iterator[dict[str, JsonValue]]:
    """Every object anywhere in a JSON value, outermost first."""
    if isinstance(value, dict):
        yield value
        for child in value.values():
            yield from walk(child)
    elif isinstance(value, list):
        for child in value:
            yield from walk(child)


def numbered(value: JsonValue, known: dict[str, int]) -> JsonValue:
    """A copy in which each object with a ``source`` handle has its number as ``cite``.

    A handle keeps the number it got first in this run; ``known`` is read, not changed.
    """
    numbers = dict(known)

    def copy(part: JsonValue) -> JsonValue:
        if isinstance(part, list):
            return [copy(child) for child in part]
        if not isinstance(part, dict):
            return part
        result = {name: copy(child) for name, child in part.items()}
        handle = part.get("source")
        if isinstance(handle, str) and handle:
            result["cite"] = numbers.setdefault(handle, len(numbers) + 1)
        return result

    return copy(value)


def cited(value: JsonValue) -> dict[str, int]:
    """The handles and numbers that a numbered value carries."""
    found: dict[str, int] = {}
    for part in walk(value):
        handle, number = part.get("source"), part.get("cite")
        if isinstance(handle, str) and isinstance(number, int):
            found[handle] = number
    return found
