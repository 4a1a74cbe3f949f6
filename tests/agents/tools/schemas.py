"""Schemas of our own with calls that fit them, in the shapes in which tools from elsewhere come."""

from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.messages import ToolCall
from agents.contracts.specs import HttpEndpoint, Implementation, ToolSpec
from agents.tools import boundary

FLAT: JsonObject = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "minLength": 2, "maxLength": 40, "description": "Where."},
        "days": {"type": "integer", "minimum": 1, "maximum": 14},
        "unit": {"type": "string", "enum": ["celsius", "fahrenheit", "kelvin"]},
        "since": {"type": "string", "format": "date"},
        "code": {"type": "string", "pattern": "^[A-Z]{3}-[0-9]+$"},
        "precise": {"type": "boolean"},
        "height": {"type": ["number", "null"], "exclusiveMinimum": 0},
    },
    "required": ["city", "days"],
}
FLAT_CALL: JsonObject = {
    "city": "Oslo",
    "days": 3,
    "unit": "celsius",
    "since": "2026-11-22",
    "code": "OSL-7",
    "precise": True,
    "height": 2.5,
}
NESTED: JsonObject = {
    "type": "object",
    "properties": {
        "order": {
            "type": "object",
            "properties": {
                "lines": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "properties": {"sku": {"type": "string"}, "count": {"type": "integer", "minimum": 1}},
                        "required": ["sku", "count"],
                    },
                },
                "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
            },
            "required": ["lines"],
        },
        "extra": {"type": "object", "description": "Whatever the shop wants to keep."},
    },
    "required": ["order"],
}
NESTED_CALL: JsonObject = {
    "order": {"lines": [{"sku": "A1", "count": 2}, {"sku": "B2", "count": 1}], "tags": ["new", "late"]},
    "extra": {"anything": [1, {"at": "all"}]},
}
TREE: JsonObject = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$defs": {
        "node": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
            },
            "required": ["name"],
        }
    },
    "type": "object",
    "properties": {"root": {"$ref": "#/$defs/node"}},
    "required": ["root"],
}
TREE_CALL: JsonObject = {"root": {"name": "a", "children": [{"name": "b", "children": [{"name": "c"}]}]}}
SHAPES: JsonObject = {
    "type": "object",
    "properties": {
        "pay": {
            "oneOf": [
                {
                    "type": "object",
                    "properties": {"kind": {"const": "card"}, "number": {"type": "string", "pattern": "^[0-9]{16}$"}},
                    "required": ["kind", "number"],
                },
                {
                    "type": "object",
                    "properties": {"kind": {"const": "invoice"}, "due": {"type": "string", "format": "date"}},
                    "required": ["kind", "due"],
                },
            ]
        }
    },
    "required": ["pay"],
}
SHAPES_CALL: JsonObject = {"pay": {"kind": "invoice", "due": "2026-12-01"}}
COMBINED: JsonObject = {
    "$defs": {"page": {"type": "object", "properties": {"limit": {"type": "integer"}, "after": {"type": "string"}}}},
    "type": "object",
    "allOf": [{"$ref": "#/$defs/page"}, {"properties": {"sort": {"enum": ["up", "down"]}}}],
    "properties": {"query": {"type": "string"}},
    "if": {"properties": {"sort": {"const": "up"}}, "required": ["sort"]},
    "then": {"properties": {"by": {"type": "string"}}, "required": ["by"]},
    "required": ["query"],
}
COMBINED_CALL: JsonObject = {"query": "tea", "limit": 5, "sort": "up", "by": "price"}
ALL: dict[str, tuple[JsonObject, JsonObject]] = {
    "flat": (FLAT, FLAT_CALL),
    "nested": (NESTED, NESTED_CALL),
    "tree": (TREE, TREE_CALL),
    "shapes": (SHAPES, SHAPES_CALL),
    "combined": (COMBINED, COMBINED_CALL),
}


def foreign_tool(parameters: JsonObject, name: str = "far") -> ToolSpec:
    """A tool that is somebody else's: only its schema is known here."""
    link = Implementation(name="there", kind="http", http=HttpEndpoint(url="https://far.example/"))
    return ToolSpec(name=name, description="Far away.", parameters=parameters, implementations=(link,))


def rejection(parameters: JsonObject, arguments: JsonObject) -> JsonObject | None:
    """What the LLM is told of such a call; None when it passes."""
    try:
        boundary.validate(foreign_tool(parameters), ToolCall(call_id="c", name="far", arguments=arguments))
    except boundary.Rejected as rejected:
        return rejected.content
    return None


def wrong_fields(parameters: JsonObject, arguments: JsonObject) -> dict[str, dict[str, JsonValue]]:
    """What is said of each field by its path; {} when the call passes."""
    content = rejection(parameters, arguments)
    fields = content["fields"] if content else []
    assert isinstance(fields, list)
    return {str(field["path"]): field for field in fields if isinstance(field, dict)}
