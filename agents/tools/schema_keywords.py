"""JSON Schema 2020-12 as the boundary reads it: strict about integers, bounded in work, and exact about the place.

The library's own keywords stand where they are as good. Ours differ in what they say (the path of a missing or an
unknown field is that field's) and in what they cost (patterns in linear time, large enums in one look).
"""

import re
from collections.abc import Hashable, Iterable, Iterator
from typing import Any
from urllib.parse import quote

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend
from pydantic import JsonValue

from agents.tools import patterns
from agents.tools.schema_effort import Keyword, counted, following

Errors = Iterator[ValidationError]
MOST_FORMATTED = 2_000
PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")
PLAIN = frozenset(
    (
        *("type", "enum", "const", "format", "pattern", "minLength", "maxLength"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
        *("title", "description", "default", "examples", "deprecated"),
    )
)
"""Keywords that look at one value by itself, and those that only describe it."""
FORMATS = Draft202012Validator.FORMAT_CHECKER


class Choices(list[JsonValue]):
    """The values of an ``enum``, with a set of them."""

    def __init__(self, values: Iterable[JsonValue]) -> None:
        super().__init__(values)
        self.known = frozenset(map(canonical, self))


def canonical(value: JsonValue) -> Hashable:
    """Equal for equal JSON: 1 is 1.0 and is not true, and names have no order."""
    if isinstance(value, bool):
        return ("bool", value)
    if isinstance(value, dict):
        return ("object", frozenset((name, canonical(child)) for name, child in value.items()))
    if isinstance(value, list):
        return ("array", tuple(map(canonical, value)))
    return value


def is_integer(checker: object, value: object) -> bool:
    """5 is an integer; 5.0 and true are not, whatever they are worth: no tool is handed what it has to guess at."""
    del checker
    return isinstance(value, int) and not isinstance(value, bool)


def unlisted(instance: dict[str, JsonValue], schema: dict[str, Any]) -> list[str]:
    """The fields that a schema neither names nor has a pattern for."""
    named, shapes = schema.get("properties", {}), list(schema.get("patternProperties", {}))
    return [
        name for name in instance if name not in named and not any(patterns.occurs(shape, name) for shape in shapes)
    ]


def properties(validator: Any, below: dict[str, Any], instance: Any, schema: dict[str, Any]) -> Errors:
    """The library goes down into each field with a new validator, which takes longer than to look at a plain one."""
    del schema
    if isinstance(instance, dict):
        for name, part in below.items():
            if name in instance and not _plainly_right(validator, instance[name], part):
                yield from validator.descend(instance[name], part, path=name, schema_path=name)


def _plainly_right(validator: Any, value: Any, schema: Any) -> bool:
    if not isinstance(schema, dict) or not schema.keys() <= PLAIN:
        return False
    keywords = validator.VALIDATORS
    return not any(
        next(iter(keywords[name](validator, wanted, value, schema) or ()), None)
        for name, wanted in schema.items()
        if name in keywords
    )


def required(validator: Any, names: list[str], instance: Any, schema: dict[str, Any]) -> Errors:
    del validator
    if isinstance(instance, dict):
        for name in names:
            if name not in instance:
                yield ValidationError("is missing", path=(name,), instance=instance, schema=schema)


def dependent_required(validator: Any, needs: dict[str, list[str]], instance: Any, schema: dict[str, Any]) -> Errors:
    if isinstance(instance, dict):
        for name in needs.keys() & instance.keys():
            yield from required(validator, needs[name], instance, schema)


def additional_properties(validator: Any, allowed: Any, instance: Any, schema: dict[str, Any]) -> Errors:
    if isinstance(instance, dict) and allowed is not True:
        yield from _others(validator, allowed, instance, schema, unlisted(instance, schema))


def unevaluated_properties(validator: Any, allowed: Any, instance: Any, schema: dict[str, Any]) -> Errors:
    if isinstance(instance, dict) and allowed is not True:
        known = evaluated(validator, instance, schema, itself=True)
        yield from _others(validator, allowed, instance, schema, [name for name in instance if name not in known])


def _others(validator: Any, allowed: Any, instance: Any, schema: dict[str, Any], names: list[str]) -> Errors:
    for name in names:
        if allowed is False:
            yield ValidationError("is unknown", path=(name,), instance=instance[name], schema=schema)
        else:
            yield from validator.descend(instance[name], allowed, path=name)


def evaluated(validator: Any, instance: dict[str, JsonValue], schema: Any, *, itself: bool = False) -> set[str]:
    """The fields that a schema has looked at, in all its parts that hold of the same object."""
    if not isinstance(schema, dict):
        return set()
    others = [schema.get("additionalProperties", False), not itself and schema.get("unevaluatedProperties", False)]
    if any(allowed is not False for allowed in others):
        return set(instance)  # those that do not fit are an error of their own
    known = set(instance).difference(unlisted(instance, schema))
    for keyword in ("$ref", "$dynamicRef"):
        if keyword in schema:
            there = validator._resolver.lookup(schema[keyword])  # as the library's own keyword does
            below = validator.evolve(schema=there.contents, _resolver=there.resolver)
            with following():
                known |= evaluated(below, instance, there.contents)
    for part in _parts_that_hold(validator, instance, schema):
        known |= evaluated(validator, instance, part)
    return known


def _parts_that_hold(validator: Any, instance: dict[str, JsonValue], schema: dict[str, Any]) -> Iterator[Any]:
    for keyword in ("allOf", "anyOf", "oneOf"):
        yield from (part for part in schema.get(keyword, ()) if _holds(validator, instance, part))
    yield from (part for name, part in schema.get("dependentSchemas", {}).items() if name in instance)
    if "if" in schema:
        if _holds(validator, instance, schema["if"]):
            yield schema["if"]
            yield schema.get("then", True)
        else:
            yield schema.get("else", True)


def _holds(validator: Any, instance: Any, schema: Any) -> bool:
    return next(iter(validator.descend(instance, schema)), None) is None


def reference(keyword: str) -> Keyword:
    """The library's own keyword, followed so far and no further."""

    def follow(validator: Any, there: Any, instance: Any, schema: Any) -> Errors:
        with following():
            yield from Draft202012Validator.VALIDATORS[keyword](validator, there, instance, schema)

    return follow


def pattern_properties(validator: Any, shapes: dict[str, Any], instance: Any, schema: dict[str, Any]) -> Errors:
    del schema
    if isinstance(instance, dict):
        for shape, below in shapes.items():
            for name, value in instance.items():
                if patterns.occurs(shape, name):
                    yield from validator.descend(value, below, path=name, schema_path=shape)


def pattern(validator: Any, shape: str, instance: Any, schema: dict[str, Any]) -> Errors:
    del validator, schema
    if isinstance(instance, str) and not patterns.occurs(shape, instance):
        yield ValidationError("does not match the pattern")


def enum(validator: Any, choices: list[JsonValue], instance: Any, schema: dict[str, Any]) -> Errors:
    del validator, schema
    known = choices.known if isinstance(choices, Choices) else Choices(choices).known
    if canonical(instance) not in known:
        yield ValidationError("is none of the accepted values")


def const(validator: Any, only: JsonValue, instance: Any, schema: dict[str, Any]) -> Errors:
    del validator, schema
    if canonical(instance) != canonical(only):
        yield ValidationError("is not the one accepted value")


def unique_items(validator: Any, wanted: bool, instance: Any, schema: dict[str, Any]) -> Errors:
    del validator, schema
    if wanted and isinstance(instance, list) and len(set(map(canonical, instance))) < len(instance):
        yield ValidationError("has the same item twice")


def format_(validator: Any, name: str, instance: Any, schema: dict[str, Any]) -> Errors:
    del validator, schema
    if isinstance(instance, str) and not _has_format(name, instance):
        yield ValidationError(f"is no valid {name}")


def _has_format(name: str, text: str) -> bool:
    if len(text) > MOST_FORMATTED:
        return name not in FORMATS.checkers
    if name in ("email", "idn-email"):
        return EMAIL.fullmatch(text) is not None
    if name in ("iri", "iri-reference"):  # the library's parser of these takes seconds for a long one
        name, text = name.replace("iri", "uri"), quote(text, safe=PRINTABLE, errors="replace")
    if name == "regex":
        return _is_pattern(text)
    return bool(FORMATS.conforms(text, name))


def _is_pattern(text: str) -> bool:
    try:
        patterns.compiled(text)
    except patterns.UnusablePattern:
        return False
    return True


_OURS = {
    "$ref": reference("$ref"),
    "$dynamicRef": reference("$dynamicRef"),
    "properties": properties,
    "required": required,
    "dependentRequired": dependent_required,
    "additionalProperties": additional_properties,
    "unevaluatedProperties": unevaluated_properties,
    "patternProperties": pattern_properties,
    "pattern": pattern,
    "enum": enum,
    "const": const,
    "uniqueItems": unique_items,
    "format": format_,
}
StrictValidator = extend(  # type: ignore[no-untyped-call]  # its stubs do not say what it takes
    Draft202012Validator,
    validators={name: counted(keyword) for name, keyword in {**Draft202012Validator.VALIDATORS, **_OURS}.items()},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", is_integer),
)
"""Never fetches a reference when it is given a registry without a way to: see `agents.tools.schema`."""
