"""Schemas of OpenAPI 3.0 and 3.1 as JSON Schema 2020-12, as a request needs them."""

import re

from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.tools.openapi.document import BadDocument
from agents.tools.openapi.references import looked_up, reachable, recursive

MOST_NODES = 5_000
MOST_LEVELS = 50
MOST_TEXT = 400
EXACT = 2**53
TYPES = frozenset({"string", "number", "integer", "boolean", "array", "object", "null"})
FORMATS = frozenset({"date", "date-time", "time", "email", "hostname", "ipv4", "ipv6", "uri", "uuid"})
"""All others (int64, password, byte) say something to programs, not about the value."""
_ONE = (
    "items",
    "not",
    "if",
    "then",
    "else",
    "contains",
    "propertyNames",
    "additionalProperties",
    "unevaluatedItems",
    "unevaluatedProperties",
)
_LIST = ("allOf", "anyOf", "oneOf", "prefixItems")
_NAMED = ("properties", "patternProperties", "dependentSchemas")
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_COUNTS = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minContains")
_PLAIN = ("uniqueItems", "enum", "const", "default", "dependentRequired")


def converted(root: JsonObject, schema: JsonValue) -> tuple[JsonValue, JsonObject]:
    """The schema, and the ``$defs`` that it refers to. Raises BadDocument.

    References are written out, since LLMs read that best: all but those that lead back to themselves, or all of them
    stay where the whole would be too large.
    """
    graph = reachable(root, schema)
    try:
        return Converter(root, recursive(graph)).whole(schema)
    except TooLarge:
        return Converter(root, frozenset(graph)).whole(schema)


class TooLarge(BadDocument):
    """A schema that grows beyond what an LLM can be shown."""


class Converter:
    """Converts one schema; ``kept`` are the references that stay."""

    def __init__(self, root: JsonObject, kept: frozenset[str]) -> None:
        self._root = root
        self._kept = kept
        self._names: dict[str, str] = {}
        self._nodes = 0

    def whole(self, schema: JsonValue) -> tuple[JsonValue, JsonObject]:
        """The schema and its definitions. Raises BadDocument."""
        found, defs = self._schema(schema, 0), JsonObject()
        while missing := [reference for reference, name in self._names.items() if name not in defs]:
            for reference in missing:
                defs[self._names[reference]] = self._schema(looked_up(self._root, reference), 0)
        return found, defs

    def _schema(self, schema: JsonValue, depth: int) -> JsonValue:
        self._nodes += 1
        if self._nodes > MOST_NODES or depth > MOST_LEVELS:
            raise TooLarge("Its arguments are too large or too deep for an LLM.")
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, dict):
            return {}
        if "$dynamicRef" in schema:
            raise BadDocument("A $dynamicRef is not followed.")
        if isinstance(reference := schema.get("$ref"), str):
            return self._reference(reference, schema, depth)
        found = _scalars(schema)
        for name in _ONE:
            if name in schema:
                found[name] = self._schema(schema[name], depth + 1)
        for name in _LIST:
            if isinstance(below := schema.get(name), list):
                found[name] = [self._schema(each, depth + 1) for each in below]
        for name in _NAMED:
            if isinstance(named := schema.get(name), dict):
                found[name] = {key: self._schema(each, depth + 1) for key, each in named.items()}
        _leave_out_read_only(self._root, schema, found)
        return _nullable(found) if schema.get("nullable") is True else found

    def _reference(self, reference: str, schema: JsonObject, depth: int) -> JsonValue:
        beside: JsonObject = {}
        if isinstance(text := schema.get("description"), str):
            beside["description"] = text[:MOST_TEXT]
        found: JsonObject
        if reference in self._kept:
            found = {"$ref": f"#/$defs/{self._name(reference)}", **beside}
        else:
            target = self._schema(looked_up(self._root, reference), depth + 1)
            if not isinstance(target, dict):
                return target
            found = {**target, **beside}
        return _nullable(found) if schema.get("nullable") is True else found

    def _name(self, reference: str) -> str:
        """A name for a definition: the reference's last word."""
        if reference not in self._names:
            word = re.sub(r"[^A-Za-z0-9_]+", "_", reference.rpartition("/")[2]) or "part"
            taken = set(self._names.values())
            name = next(
                n for number in range(1, 10_000) if (n := word if number == 1 else f"{word}_{number}") not in taken
            )
            self._names[reference] = name
        return self._names[reference]


def _scalars(schema: JsonObject) -> JsonObject:
    """What of a schema holds no other schema. What cannot be checked exactly is left out, not guessed."""
    found: JsonObject = {}
    kinds = schema.get("type")
    named = [kind for kind in (kinds if isinstance(kinds, list) else [kinds]) if kind in TYPES]
    if named:
        found["type"] = named[0] if len(named) == 1 else list[JsonValue](named)
    if isinstance(text := schema.get("description"), str) and text.strip():
        found["description"] = " ".join(text.split())[:MOST_TEXT]
    if schema.get("format") in FORMATS:
        found["format"] = schema["format"]
    if isinstance(pattern := schema.get("pattern"), str) and _compiles(pattern):
        found["pattern"] = pattern
    if isinstance(required := schema.get("required"), list):
        found["required"] = list(dict.fromkeys(name for name in required if isinstance(name, str)))
    for name in (*_BOUNDS, *_COUNTS):
        bound = schema.get(name)
        if isinstance(bound, int | float) and not isinstance(bound, bool) and abs(bound) < EXACT:
            found[name] = bound
    for name in _PLAIN:
        if name in schema:
            found[name] = schema[name]
    _exclusive_of_old(schema, found)
    return found


def _exclusive_of_old(schema: JsonObject, found: JsonObject) -> None:
    """In 3.0 exclusiveMinimum is a word on minimum."""
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if schema.get(exclusive) is True and bound in found:
            found[exclusive] = found.pop(bound)


def _nullable(found: JsonObject) -> JsonObject:
    """3.0's word for: or null."""
    kind = found.get("type")
    if not isinstance(kind, str) or "enum" in found or "const" in found or "allOf" in found:
        return {"anyOf": [found, {"type": "null"}]}
    return {**found, "type": [kind, "null"]}


def _leave_out_read_only(root: JsonObject, schema: JsonObject, found: JsonObject) -> None:
    """What only answers have is no argument."""
    before, after = schema.get("properties"), found.get("properties")
    if not isinstance(before, dict) or not isinstance(after, dict):
        return
    gone = {name for name, each in before.items() if _is_read_only(root, each)}
    for name in gone:
        del after[name]
    if isinstance(required := found.get("required"), list):
        found["required"] = [name for name in required if name not in gone]


def _is_read_only(root: JsonObject, schema: JsonValue) -> bool:
    for _ in range(5):
        if not isinstance(schema, dict):
            return False
        if schema.get("readOnly") is True:
            return True
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            return False
        schema = looked_up(root, reference)
    return False


def _compiles(pattern: str) -> bool:
    """Documents are written for other languages' patterns."""
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return False
    return len(pattern) <= 1_000
