"""The body of an operation: flat when it is a plain object, since LLMs fill that best, else one argument."""

import re
from collections.abc import Callable, Container
from dataclasses import dataclass

from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.tools.openapi.document import BadDocument
from agents.tools.openapi.references import resolved

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_PLAIN = frozenset({"type", "properties", "required", "description", "additionalProperties"})
Convert = Callable[[JsonValue], JsonValue]


@dataclass(frozen=True, slots=True)
class Body:
    """A body's schema, and its properties where it is an object that says all that it takes."""

    schema: JsonValue
    needed: bool
    flat: bool
    properties: JsonObject
    required: list[JsonValue]

    def fits_beside(self, others: Container[str]) -> bool:
        """Whether its properties can stand among these arguments."""
        return self.flat and not any(name in others for name in self.properties)


def body_of(root: JsonObject, declared: JsonObject, convert: Convert) -> Body | None:
    """The JSON body of an operation; None when it needs none. Raises BadDocument for one in another format."""
    content = declared.get("content")
    kinds = content if isinstance(content, dict) else {}
    needed = declared.get("required") is True
    media = next((kinds[kind] for kind in sorted(kinds, key=_preference) if _preference(kind) < 3), None)
    if not isinstance(media, dict):
        if needed:
            raise BadDocument(f"Its body is {', '.join(kinds)[:120] or 'not described'}, not JSON.")
        return None
    schema = media.get("schema", {})
    found = _merged(convert(_alone(root, schema)))
    if (
        not isinstance(found, dict)
        or not found.keys() <= _PLAIN
        or found.get("additionalProperties") not in (None, False)
    ):
        return Body(found, needed, False, {}, [])
    properties, required = found.get("properties"), found.get("required")
    named = properties if isinstance(properties, dict) else {}
    flat = bool(named) and found.get("type", "object") == "object" and all(map(_NAME.fullmatch, named))
    return Body(found, needed, flat, named, list(required) if isinstance(required, list) else [])


def _preference(kind: str) -> int:
    name = kind.partition(";")[0].strip().lower()
    return 0 if name == "application/json" else 1 if name.endswith("+json") else 2 if name == "*/*" else 3


def _alone(root: JsonObject, schema: JsonValue) -> JsonValue:
    """A body that is a reference by itself, so that even one that leads back to itself has its properties here."""
    return resolved(root, schema) if isinstance(schema, dict) and schema.keys() == {"$ref"} else schema


def _merged(schema: JsonValue) -> JsonValue:
    """An allOf of plain objects as the one object that it describes."""
    if not isinstance(schema, dict) or not isinstance(parts := schema.get("allOf"), list):
        return schema
    whole = [{name: value for name, value in schema.items() if name != "allOf"}, *map(_merged, parts)]
    properties: JsonObject = {}
    required: list[JsonValue] = []
    for part in whole:
        if (
            not isinstance(part, dict)
            or not part.keys() <= _PLAIN
            or part.get("additionalProperties", True) is not True
        ):
            return schema
        named, needed = part.get("properties"), part.get("required")
        for name, each in (named if isinstance(named, dict) else {}).items():
            if properties.setdefault(name, each) != each:
                return schema
        required += needed if isinstance(needed, list) else []
    text = schema.get("description")
    described: JsonObject = {"description": text} if text else {}
    return {
        "type": "object",
        "properties": properties,
        "required": list(dict.fromkeys(map(str, required))),
        **described,
    }
