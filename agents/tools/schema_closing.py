"""Closes schemas that leave open what they do not name: an LLM's invention is refused, not passed on.

Most schemas from elsewhere name their fields and say nothing of others, which JSON Schema then allows. Here a field is
allowed by being named, by a pattern, or by an `additionalProperties` or `unevaluatedProperties` that is not false. An
object inside that names no field at all is a free map and stays one.
"""

from collections.abc import Iterator
from functools import partial

from pydantic import JsonValue
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from agents.contracts.base import JsonObject
from agents.tools.schema_effort import TooMuchWork
from agents.tools.schema_keywords import Choices

MOST_PARTS = 100_000

OPENERS = ("additionalProperties", "unevaluatedProperties")
REFERENCES = ("$ref", "$dynamicRef")
LISTS_IN_PLACE = ("allOf", "anyOf", "oneOf")
IN_PLACE = ("then", "else")
CONDITIONS = ("if", "not", "contains", "propertyNames")  # what they accept decides something else: left as it is
BELOW = ("items", "unevaluatedItems", *OPENERS)
LISTS_BELOW = ("prefixItems",)
MAPS_BELOW = ("properties", "patternProperties")
MAPS_IN_PLACE = ("$defs", "definitions", "dependentSchemas")


Place = tuple[str | int, ...]


class Fields:
    """What a schema names, by its references within the document too. It never fetches; it raises TooMuchWork."""

    def __init__(self, root: JsonObject) -> None:
        self._left = MOST_PARTS
        self._resolver = Registry().resolver_with_root(DRAFT202012.create_resource(root))

    def named(self, schema: JsonValue) -> dict[str, JsonValue]:
        """Every field that any part of the schema names for the object itself, with the field's own schema."""
        found: dict[str, JsonValue] = {}
        for part in self.parts(schema):
            properties = part.get("properties")
            if isinstance(properties, dict):
                found = {**properties, **found}
        return found

    def parts(self, schema: JsonValue) -> Iterator[dict[str, JsonValue]]:
        """The schema and whatever in it holds of the same value, each once."""
        seen: set[int] = set()
        waiting = [schema]
        while waiting:
            part = waiting.pop()
            self._left -= 1
            if self._left < 0:
                raise TooMuchWork
            if isinstance(part, dict) and id(part) not in seen:
                seen.add(id(part))
                yield part
                waiting += self._in_place(part)

    def _in_place(self, schema: dict[str, JsonValue]) -> Iterator[JsonValue]:
        for keyword in REFERENCES:
            if isinstance(reference := schema.get(keyword), str):
                yield self._there(reference)
        for keyword in LISTS_IN_PLACE:
            parts = schema.get(keyword)
            yield from parts if isinstance(parts, list) else ()
        yield from (schema[keyword] for keyword in (*IN_PLACE, "if") if keyword in schema)
        dependent = schema.get("dependentSchemas")
        yield from dependent.values() if isinstance(dependent, dict) else ()

    def leads_somewhere(self, reference: str) -> bool:
        """Whether a reference is to something in the document itself."""
        try:
            self._resolver.lookup(reference)
        except Unresolvable:
            return False
        return True

    def _there(self, reference: str) -> JsonValue:
        try:
            contents: JsonValue = self._resolver.lookup(reference).contents
        except Unresolvable:
            return None
        return contents


def subschemas(schema: JsonValue, place: Place = ()) -> Iterator[tuple[Place, dict[str, JsonValue]]]:
    """The schema and every schema inside it, with its place; not what stands there as a value, such as a default."""
    if not isinstance(schema, dict):
        return
    yield place, schema
    for name, value in schema.items():
        if name in (*BELOW, *IN_PLACE, *CONDITIONS):
            yield from subschemas(value, (*place, name))
        elif name in (*MAPS_BELOW, *MAPS_IN_PLACE) and isinstance(value, dict):
            for key, part in value.items():
                yield from subschemas(part, (*place, name, key))
        elif name in (*LISTS_BELOW, *LISTS_IN_PLACE) and isinstance(value, list):
            for number, part in enumerate(value):
                yield from subschemas(part, (*place, name, number))


def closed(schema: JsonObject, fields: Fields) -> JsonObject:
    """A copy that refuses fields it does not name, and whose enums are looked up at once. Raises TooMuchWork."""
    copy = _Closing(fields).at_a_value(schema, root=True)
    return copy if isinstance(copy, dict) else schema


class _Closing:
    def __init__(self, fields: Fields) -> None:
        self._fields = fields

    def at_a_value(self, schema: JsonValue, *, root: bool = False) -> JsonValue:
        """A schema that speaks of a value alone: nothing beside it may name further fields."""
        copy = self._part(schema, close=True)
        if not isinstance(schema, dict) or not isinstance(copy, dict) or not self._open(schema, root=root):
            return copy
        return {**copy, "additionalProperties" if self._plain(schema) else "unevaluatedProperties": False}

    def _open(self, schema: dict[str, JsonValue], *, root: bool) -> bool:
        """Whether it names fields and says nothing of others. The arguments as a whole always have named fields."""
        if _says_of_others(schema):
            return False
        parts = list(self._fields.parts(schema))
        naming = [part for part in parts if "properties" in part or "patternProperties" in part]
        if naming:
            return not all(map(_says_of_others, naming))
        return root and not any(map(_says_of_others, parts))

    def _plain(self, schema: dict[str, JsonValue]) -> bool:
        """Whether it names all fields itself, so that the simpler keyword will do."""
        own, parts = schema.get("properties", {}), self._fields.parts(schema)
        if not isinstance(own, dict) or self._fields.named(schema).keys() - own.keys():
            return False
        return not any(_says_of_others(part) or "patternProperties" in part for part in parts if part is not schema)

    def _part(self, schema: JsonValue, *, close: bool) -> JsonValue:
        """A copy whose values below are closed, and which is itself as open as it was."""
        if not isinstance(schema, dict):
            return schema
        return {name: self._keyword(name, value, close) for name, value in schema.items() if name != "$schema"}

    def _keyword(self, name: str, value: JsonValue, close: bool) -> JsonValue:
        if name in CONDITIONS:
            return self._part(value, close=False)
        if name == "enum" and isinstance(value, list):
            return Choices(value)
        own_value = close and name in (*BELOW, *MAPS_BELOW, *LISTS_BELOW)
        inside = self.at_a_value if own_value else partial(self._part, close=close)
        if name in (*BELOW, *IN_PLACE):
            return inside(value)
        if name in (*MAPS_BELOW, *MAPS_IN_PLACE) and isinstance(value, dict):
            return {key: inside(part) for key, part in value.items()}
        if name in (*LISTS_BELOW, *LISTS_IN_PLACE) and isinstance(value, list):
            return [inside(part) for part in value]
        return value


def _says_of_others(schema: dict[str, JsonValue]) -> bool:
    return any(keyword in schema for keyword in OPENERS)
