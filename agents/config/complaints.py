"""Says in one sentence what Pydantic found, at the place in the file where it is."""

import difflib
from collections.abc import Iterator
from types import NoneType
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from agents.config.faults import Fault, Path, quoted
from agents.config.reading import Source
from agents.config.scalars import WRONG

_SENTENCES = {
    "missing": "This is missing.",
    "model_type": "Settings belong here, each on a line of its own below.",
    "dict_type": "Settings belong here, each on a line of its own below.",
    "tuple_type": "A list belongs here.",
    "string_type": "Text belongs here; put it into quotes.",
}


def complaints(source: Source, base: Path, shape: Any, error: ValidationError) -> Iterator[Fault]:
    """Every error of what stands below `base`, where something of this `shape` was expected."""
    for found in error.errors(include_url=False):
        path, at_key = _path(found)
        text = _sentence(found, shape)
        yield source.fault((*base, *path), text, at_key=at_key)


def _path(found: ErrorDetails) -> tuple[Path, bool]:
    if found["loc"][-1:] == ("[key]",):
        return found["loc"][:-1], True
    return found["loc"], found["type"] == "extra_forbidden"


def _sentence(found: ErrorDetails, shape: Any) -> str:
    if found["type"] == WRONG:
        return found["msg"]
    if found["type"] == "extra_forbidden":
        return _unknown(str(found["loc"][-1]), _known(shape, found["loc"][:-1]))
    if found["type"] in _SENTENCES:
        return _SENTENCES[found["type"]]
    reason = found["msg"].removeprefix("Value error, ")
    if isinstance(found["input"], dict | list):
        return f"{reason}."
    return f"{quoted(str(found['input']))} is refused: {reason[:1].lower()}{reason[1:]}."


def _unknown(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        return f"There is no such key; did you mean {near[0]}?"
    return f"There is no such key; only: {', '.join(known)}." if known else "There is no such key."


def _known(shape: Any, path: Path) -> list[str]:
    """The keys that may stand at a path of a shape."""
    for part in path:
        shape = _given(shape.model_fields[str(part)].annotation if _is_model(shape) else _below(shape))
    return list(shape.model_fields) if _is_model(shape) else []


def _given(shape: Any) -> Any:
    """The shape of what may also be left out."""
    return next((each for each in get_args(shape) if _is_model(each)), shape) if NoneType in get_args(shape) else shape


def _below(shape: Any) -> Any:
    """What a mapping or a list of this shape holds."""
    return get_args(shape)[1 if get_origin(shape) is dict else 0]


def _is_model(shape: Any) -> bool:
    return isinstance(shape, type) and issubclass(shape, BaseModel)
