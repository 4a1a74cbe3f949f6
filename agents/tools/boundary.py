"""The boundary: an LLM's arguments are checked before any tool sees them, and the complaint is written for the LLM.

Arguments of every kind of tool are checked against its schema; those of Python tools then by their arguments class too,
whose own validators no schema can express.
"""

import json
from collections.abc import Callable
from functools import lru_cache, partial
from importlib import import_module

from pydantic import BaseModel, JsonValue, ValidationError

from agents.contracts.base import JsonObject
from agents.contracts.messages import ToolCall
from agents.contracts.specs import ToolSpec
from agents.tools import schema_complaints
from agents.tools.define import arguments_of
from agents.tools.schema import UncheckableValue, UnusableSchema, schema_of
from agents.tools.schema_complaints import cut, path_of, shown

MAX_FIELDS_SHOWN = 8
MAX_NAMES_SHOWN = 20
SHOWN_CHARACTERS = 80
MOST_BYTES = 2_000
MOST_HINT = 1_200

Complaint = Callable[[], JsonObject]
"""Written only when it is shown: to find what was meant takes longer than to find what is wrong."""


class Rejected(Exception):
    """A call that does not pass; ``content`` is the structured result that goes back to the LLM, at most 2 kB."""

    def __init__(self, error_type: str, fields: list[JsonObject], hint: str, *, left_out: int = 0) -> None:
        super().__init__(hint)
        self.error_type = error_type
        self.hint = cut(hint, MOST_HINT)
        self.fields = fields
        self._left_out = left_out
        while len(self.fields) > 1 and _bytes(self.content) > MOST_BYTES:
            self.fields, self._left_out = self.fields[:-1], self._left_out + 1
        if _bytes(self.content) > MOST_BYTES:
            self.fields = [{**field, "accepted": "see the tool's schema"} for field in self.fields]

    @property
    def content(self) -> JsonObject:
        more: JsonObject = {"more_problems": self._left_out} if self._left_out else {}
        return {
            "status": "error",
            "error_type": self.error_type,
            "fields": list[JsonValue](self.fields),
            **more,
            "hint": self.hint,
        }


def _bytes(content: JsonObject) -> int:
    return len(json.dumps(content, ensure_ascii=False).encode("utf-8", "backslashreplace"))


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
    names = sorted(offered)
    more = f" and {len(names) - MAX_NAMES_SHOWN} more" if len(names) > MAX_NAMES_SHOWN else ""
    near = schema_complaints.nearest(name, names)
    meant = f" Did you mean {near}?" if near else ""
    known = f"Known tools: {', '.join(names[:MAX_NAMES_SHOWN]) or 'none'}{more}."
    raise Rejected("unknown_tool", [], f"There is no tool {name[:SHOWN_CHARACTERS]!r}. {known}{meant}")


def validate(tool: ToolSpec, call: ToolCall) -> JsonObject:
    """The arguments, checked strictly: "5" is not 5, nor is 5.0; unknown fields are refused. Raises Rejected."""
    if call.arguments is None:
        raise Rejected(
            "invalid_arguments",
            [{"path": "", "problem": "not a JSON object", "accepted": "one JSON object with the tool's fields"}],
            f"The arguments of {tool.name} could not be read: {call.arguments_raw[:SHOWN_CHARACTERS]!r}.",
        )
    try:
        problems = _problems(tool, call.arguments)
    except UncheckableValue as error:
        whole: JsonObject = {"path": "", "problem": str(error), "accepted": "a smaller and simpler JSON object"}
        problems = [whole.copy]
    except UnusableSchema as error:
        raise Rejected(
            "unusable_tool", [], f"{tool.name} cannot be called, its schema is broken: {error}. Go on without it."
        ) from error
    if problems:
        fields = [told() for told in problems[:MAX_FIELDS_SHOWN]]
        named = ", ".join(str(field["path"]) or "the whole" for field in fields)
        hint = f"Call {tool.name} again with these mended: {named}."
        raise Rejected("invalid_arguments", fields, hint, left_out=len(problems) - len(fields))
    return call.arguments


def _problems(tool: ToolSpec, arguments: JsonObject) -> list[Complaint]:
    """What the schema says; what a Python tool's own class says when the schema is content."""
    return problems_by(tool.parameters, arguments) or [each.copy for each in _own_complaints(tool, arguments)]


def problems_by(parameters: JsonObject, value: JsonValue) -> list[Complaint]:
    """What a schema says of a value, each field once. Raises UncheckableValue or UnusableSchema."""
    schema = schema_of(parameters)
    errors = schema_complaints.own_faults(schema.errors(value), schema.fields)
    once = {tuple(error.absolute_path): error for error in reversed(errors)}
    told: list[Complaint] = [partial(schema_complaints.complaint, each, schema.fields) for each in once.values()]
    return told[::-1]


def _own_complaints(tool: ToolSpec, arguments: JsonObject) -> list[JsonObject]:
    """What the arguments class of a Python tool says beyond its schema."""
    link = next((link for link in tool.implementations if link.kind == "python"), None)
    if link is None:
        return []
    try:
        arguments_class(link.target).model_validate_json(json.dumps(arguments))
    except ValidationError as error:
        return [
            {
                "path": path_of(each["loc"]),
                "problem": cut(f"{each['msg']} (came: {shown(each['input'])})", 4 * SHOWN_CHARACTERS),
                "accepted": "see the tool's schema",
            }
            for each in error.errors(include_url=False, include_context=False)
        ]
    return []
