"""The boundary: an LLM's arguments are checked before any tool sees them, and the complaint is written for the LLM."""

import difflib
import json
from functools import lru_cache
from importlib import import_module
from itertools import islice

from jsonschema import Draft202012Validator
from pydantic import BaseModel, JsonValue, ValidationError
from referencing import Registry

from agents.contracts.base import JsonObject
from agents.contracts.messages import ToolCall
from agents.contracts.specs import ToolSpec
from agents.tools.define import arguments_of

MAX_FIELDS_SHOWN = 8
SHOWN_CHARACTERS = 80


class Rejected(Exception):
    """A call that does not pass; ``content`` is the structured result that goes back to the LLM."""

    def __init__(self, error_type: str, fields: list[JsonObject], hint: str) -> None:
        super().__init__(hint)
        self.error_type = error_type
        self.fields = fields
        self.hint = hint

    @property
    def content(self) -> JsonObject:
        return {
            "status": "error",
            "error_type": self.error_type,
            "fields": list[JsonValue](self.fields),
            "hint": self.hint,
        }


def resolve(target: str) -> object:
    """The function behind ``package.module:qualified.name``. Raises ImportError or AttributeError."""
    module, _, path = target.partition(":")
    found: object = import_module(module)
    for name in path.split("."):
        found = getattr(found, name)
    return found


@lru_cache(maxsize=512)
def arguments_class(target: str) -> type[BaseModel]:
    """The arguments class of a Python implementation."""
    function = resolve(target)
    if not callable(function):
        raise TypeError(f"{target} is not a function")
    return arguments_of(function)


def find(name: str, offered: dict[str, ToolSpec]) -> ToolSpec:
    """The tool of that name. Raises Rejected, with the nearest known name."""
    if name in offered:
        return offered[name]
    near = difflib.get_close_matches(name, offered, n=1)
    hint = f"There is no tool {name[:SHOWN_CHARACTERS]!r}. Known tools: {', '.join(sorted(offered)) or 'none'}."
    raise Rejected("unknown_tool", [], f"{hint} Did you mean {near[0]}?" if near else hint)


def validate(tool: ToolSpec, call: ToolCall) -> JsonObject:
    """The arguments, checked strictly: "5" is not 5, unknown fields are refused. Raises Rejected."""
    if call.arguments is None:
        raise Rejected(
            "invalid_arguments",
            [{"path": "", "problem": "not a JSON object", "accepted": "one JSON object with the tool's fields"}],
            f"The arguments of {tool.name} could not be read: {call.arguments_raw[:SHOWN_CHARACTERS]!r}.",
        )
    try:
        plain = json.dumps(call.arguments, allow_nan=False)
    except ValueError as error:
        fields: list[JsonObject] = [{"path": "", "problem": str(error), "accepted": "finite numbers"}]
        raise Rejected("invalid_arguments", fields, f"Call {tool.name} again with plain JSON values.") from error
    if tool.implementations[0].kind != "python":
        _check_schema(tool, call.arguments)
        return call.arguments
    try:
        arguments_class(tool.implementations[0].target).model_validate_json(plain)
    except ValidationError as error:
        fields = [_complaint(tool, dict(e)) for e in error.errors(include_url=False)[:MAX_FIELDS_SHOWN]]
        hint = f"Call {tool.name} again with these fields mended: {', '.join(str(f['path']) for f in fields)}."
        raise Rejected("invalid_arguments", fields, hint) from error
    return call.arguments


def _check_schema(tool: ToolSpec, arguments: JsonObject) -> None:
    """The same for a tool that is not written in Python: its schema says what it takes."""
    found = Draft202012Validator(tool.parameters, registry=Registry()).iter_errors(arguments)
    fields = [
        {
            "path": ".".join(str(part) for part in error.absolute_path),
            "problem": error.message[:SHOWN_CHARACTERS],
            "accepted": _accepted(tool.parameters, [str(part) for part in error.absolute_path]),
        }
        for error in islice(found, MAX_FIELDS_SHOWN)
    ]
    if fields:
        raise Rejected("invalid_arguments", list[JsonObject](fields), f"Call {tool.name} again with its fields mended.")


def _complaint(tool: ToolSpec, error: dict[str, object]) -> JsonObject:
    location = error["loc"]
    parts = [str(part) for part in location] if isinstance(location, tuple) else []
    came = repr(error.get("input"))[:SHOWN_CHARACTERS]
    return {
        "path": ".".join(parts),
        "problem": f"{error['msg']} (came: {came})",
        "accepted": _accepted(tool.parameters, parts),
    }


def _accepted(schema: JsonObject, parts: list[str]) -> JsonValue:
    """What the schema says of that field; for a field that does not exist, the names of those that do."""
    properties = schema.get("properties")
    if not isinstance(properties, dict) or not parts:
        return None
    field = properties.get(parts[0])
    if isinstance(field, dict):
        return {name: value for name, value in field.items() if name not in ("title", "default")}
    near = difflib.get_close_matches(parts[0], properties, n=1)
    return f"did you mean {near[0]}?" if near else f"only: {', '.join(sorted(properties))}"
