"""A schema is shown as fields, whatever it looks like."""

from agents.contracts.base import JsonObject
from console.screens.tools.schema_fields import fields_of


def test_fields_say_kind_bounds_meaning_and_whether_they_are_required() -> None:
    schema: JsonObject = {
        "type": "object",
        "required": ["sku"],
        "properties": {
            "sku": {"type": "string", "minLength": 2, "maxLength": 9, "description": "Its number."},
            "detail": {"enum": ["short", "long"], "default": "short"},
            "at": {"type": "string", "format": "date-time"},
            "sizes": {"type": "array", "items": {"type": "integer"}},
            "either": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        },
    }
    shown = [(field.name, field.kind, field.bounds, field.required) for field in fields_of(schema)]
    assert shown == [
        ("sku", "string", "at least 2 characters, at most 9 characters", True),
        ("detail", "one of short, long", "else short", False),
        ("at", "string (date-time)", "", False),
        ("sizes", "list of integer", "", False),
        ("either", "string or null", "", False),
    ]


def test_what_is_within_a_field_follows_it_and_references_are_followed() -> None:
    schema: JsonObject = {
        "$defs": {"place": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}},
        "properties": {"to": {"$ref": "#/$defs/place", "description": "Where."}},
    }
    assert [(field.name, field.depth, field.kind, field.meaning) for field in fields_of(schema)] == [
        ("to", 0, "object", "Where."),
        ("city", 1, "string", ""),
    ]


def test_a_schema_that_contains_itself_ends() -> None:
    node: JsonObject = {"properties": {"next": {"$ref": "#/$defs/node"}}}
    inside: JsonObject = {"properties": {"first": {"$ref": "#/$defs/node"}}, "$defs": {"node": node}}
    assert [field.depth for field in fields_of(inside)] == [0, 1, 2]
    circle: JsonObject = {"properties": {"a": {"$ref": "#/x"}}, "x": {"anyOf": [{"$ref": "#/x"}]}}
    assert [field.name for field in fields_of(circle)] == ["a"]
