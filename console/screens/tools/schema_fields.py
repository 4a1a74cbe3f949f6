"""A JSON Schema as a table of fields that a person reads. Pure; the whole schema is shown beside it."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import JsonValue

from agents.contracts.base import JsonObject

DEEPEST = 3
MOST_FIELDS = 100
MOST_CHOICES = 8
LONGEST = 80
BOUNDS = {
    "minimum": "≥ {}",
    "exclusiveMinimum": "> {}",
    "maximum": "≤ {}",
    "exclusiveMaximum": "< {}",
    "multipleOf": "a multiple of {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "pattern": "like {}",
    "default": "else {}",
}
COMBINED = {"anyOf": " or ", "oneOf": " or ", "allOf": " and "}


@dataclass(frozen=True, slots=True)
class SchemaField:
    """One field; ``depth`` is how far it is inside another."""

    name: str
    depth: int
    kind: str
    bounds: str
    meaning: str
    required: bool


def fields_of(schema: JsonObject) -> list[SchemaField]:
    """The fields of an object, each with those inside it, at most a hundred."""
    return [field for field, _ in zip(_fields(schema, schema, 0), range(MOST_FIELDS), strict=False)]


def _fields(schema: JsonObject, root: JsonObject, depth: int) -> Iterator[SchemaField]:
    properties, required = _object(schema.get("properties")), schema.get("required")
    for name, given in properties.items():
        own = _resolved(_object(given), root)
        must = isinstance(required, list) and name in required
        yield SchemaField(name, depth, _kind(own, root), _bounds(own), str(own.get("description") or ""), must)
        inner = _resolved(_object(own.get("items")), root) if own.get("type") == "array" else own
        if depth + 1 < DEEPEST:
            yield from _fields(inner, root, depth + 1)


def _resolved(schema: JsonObject, root: JsonObject) -> JsonObject:
    """With what its ``$ref`` names within the same document; its own words go before that."""
    reference = schema.get("$ref")
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return schema
    found: JsonValue = root
    for part in reference[2:].split("/"):
        found = _object(found).get(part.replace("~1", "/").replace("~0", "~"))
    return {**_object(found), **{key: value for key, value in schema.items() if key != "$ref"}}


def _kind(schema: JsonObject, root: JsonObject, within: int = 0) -> str:
    if "const" in schema:
        return f"always {schema['const']}"[:LONGEST]
    if isinstance(choices := schema.get("enum"), list):
        more = ", …" if len(choices) > MOST_CHOICES else ""
        return f"one of {', '.join(str(each)[:LONGEST] for each in choices[:MOST_CHOICES])}{more}"
    if within == DEEPEST or "$ref" in schema:
        return "as the schema says"  # a reference to a reference, or to itself

    def part_of(part: JsonValue) -> str:
        return _kind(_resolved(_object(part), root), root, within + 1)

    for key, word in COMBINED.items():
        if isinstance(parts := schema.get(key), list) and parts:
            return word.join(dict.fromkeys(part_of(part) for part in parts[:MOST_CHOICES]))
    kind = schema.get("type")
    if isinstance(kind, list):
        return " or ".join(str(each) for each in kind[:MOST_CHOICES])
    if kind == "array":
        return f"list of {part_of(schema.get('items'))}"
    shown = str(kind)[:LONGEST] if kind else "anything"
    return f"{shown} ({schema['format']})"[:LONGEST] if isinstance(schema.get("format"), str) else shown


def _bounds(schema: JsonObject) -> str:
    said = [words.format(schema[key]) for key, words in BOUNDS.items() if schema.get(key) is not None]
    return ", ".join(each[:LONGEST] for each in said)


def _object(value: JsonValue) -> JsonObject:
    return value if isinstance(value, dict) else {}
