"""How much one validation may do: counted, so that the same call is refused or accepted wherever it is made again."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from jsonschema.exceptions import ValidationError
from pydantic import JsonValue

MOST_STEPS = 20_000
"""Keywords looked at; a call of twenty plain fields takes fewer than a hundred."""
DEEPEST_REFERENCE = 40
CHARACTERS_A_STEP = 200
SMALL_CHARACTERS = 4_000

Keyword = Callable[[Any, Any, Any, Any], Iterable[ValidationError] | None]


class TooMuchWork(Exception):
    """The schema makes more of the value than anybody should have to."""


class _Effort(threading.local):
    left = 0
    depth = 0
    weights: dict[int, int] = {}


_effort = _Effort()


@contextmanager
def bounded(value: JsonValue, characters: int) -> Iterator[None]:
    """Count what is done to a value whose JSON has so many characters. Raises TooMuchWork."""
    _effort.left, _effort.depth = MOST_STEPS, 0
    _effort.weights = _weights(value) if characters > SMALL_CHARACTERS else {}
    try:
        yield
    finally:
        _effort.weights = {}


@contextmanager
def following() -> Iterator[None]:
    """Go where a reference leads: a circle of them ends here, and not at the bottom of the stack."""
    _effort.depth += 1
    try:
        if _effort.depth > DEEPEST_REFERENCE:
            raise TooMuchWork
        yield
    finally:
        _effort.depth -= 1


def counted(keyword: Keyword) -> Keyword:
    """The keyword, each use of which is a step; on large values several, since the library quotes them in errors."""

    def apply(validator: Any, value: Any, instance: Any, schema: Any) -> Iterable[ValidationError] | None:
        _effort.left -= 1 + _effort.weights.get(id(instance), 0)
        if _effort.left < 0:
            raise TooMuchWork
        return keyword(validator, value, instance, schema)

    return apply


def _weights(value: JsonValue) -> dict[int, int]:
    """Additional steps for each large part, by its identity; about as many as its text has ``CHARACTERS_A_STEP``."""
    found: dict[int, int] = {}

    def weigh(part: JsonValue) -> int:
        if isinstance(part, dict):
            size = sum(len(name) + weigh(child) for name, child in part.items())
        elif isinstance(part, list):
            size = sum(map(weigh, part)) + len(part)
        else:
            size = len(part) if isinstance(part, str) else 4
        if size > CHARACTERS_A_STEP:
            found[id(part)] = size // CHARACTERS_A_STEP
        return size

    weigh(value)
    return found
