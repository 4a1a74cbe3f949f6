"""What is wrong with a call, in words that help an LLM to mend it: the place, what came, what is accepted."""

import difflib
import json
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import cast

from jsonschema.exceptions import ValidationError
from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.tools.schema_closing import Fields

SHOWN_CHARACTERS = 80
SHOWN_NAME, SHOWN_PATH = 60, 160
SHOWN_CHOICES = 12
MOST_COMPARED = 300
DEEPEST_BRANCH = 10
UNKNOWN_FIELD = frozenset({"additionalProperties", "unevaluatedProperties"})
TOLD = (
    *("type", "enum", "const", "format", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    *("multipleOf", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
)
WORDS = {
    "required": "is missing",
    "dependentRequired": "is missing beside the other fields",
    "enum": "is none of the accepted values",
    "const": "is not the one accepted value",
    "pattern": "does not match the pattern",
    "uniqueItems": "has the same item twice",
    "minimum": "is too small",
    "exclusiveMinimum": "is too small",
    "maximum": "is too large",
    "exclusiveMaximum": "is too large",
    "minLength": "is too short",
    "maxLength": "is too long",
    "minItems": "has too few items",
    "maxItems": "has too many items",
    "minProperties": "has too few fields",
    "maxProperties": "has too many fields",
    "anyOf": "fits none of the alternatives",
    "not": "is excluded",
}


def path_of(parts: Iterable[str | int]) -> str:
    """A place within the arguments, names and item numbers joined by dots: ``lines.0.sku``; "" for all of them."""
    return cut(".".join(cut(str(part), SHOWN_NAME) for part in parts), SHOWN_PATH)


def cut(text: str, most: int) -> str:
    """The text, or its head with a mark."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def shown(value: JsonValue) -> str:
    """The head of a value's JSON."""
    return cut(json.dumps(value, ensure_ascii=False)[: SHOWN_CHARACTERS + 1], SHOWN_CHARACTERS)


def own_faults(errors: Sequence[ValidationError], fields: Fields) -> Sequence[ValidationError]:
    """The errors without those that only follow from others: an alternative that fails leaves its fields unknown."""
    own = [error for error in errors if not _misplaced(error, fields)]
    return own or errors


def _misplaced(error: ValidationError, fields: Fields) -> bool:
    """Whether a field is refused that the schema names, for another case than this."""
    unknown = error.validator == "unevaluatedProperties" and error.path
    return bool(unknown) and error.path[-1] in fields.named(cast(JsonValue, error.schema))


def complaint(error: ValidationError, fields: Fields) -> JsonObject:
    """One error for the LLM."""
    error = most_telling(error)
    place = tuple(error.absolute_path)
    told: JsonObject = {"path": path_of(place), "problem": problem(error)}
    schema = cast(JsonValue, error.schema)
    if _misplaced(error, fields):
        return {**told, "problem": "does not belong beside the other fields", "accepted": "leave it out"}
    if error.validator in UNKNOWN_FIELD:
        return {**told, **nearest_names(str(place[-1]), list(fields.named(schema)))}
    if error.validator in ("required", "dependentRequired"):
        return {**told, "accepted": accepted(fields.named(schema).get(str(place[-1])))}
    told["accepted"] = accepted(schema)
    if near := _near_choice(error):
        told["did_you_mean"] = near
    return told


def problem(error: ValidationError) -> str:
    """What is wrong, with the head of what came."""
    if error.validator in ("required", "dependentRequired"):
        return WORDS[str(error.validator)]
    return f"{_words(error)} (came: {shown(cast(JsonValue, error.instance))})"


def _words(error: ValidationError) -> str:
    kind, wanted, came = str(error.validator), error.validator_value, error.instance
    if kind == "type":
        if wanted == "integer" and isinstance(came, float) and came.is_integer():
            return f"must be an integer, written as {int(came)}"
        return f"must be of type {' or '.join(wanted) if isinstance(wanted, list) else wanted}"
    if kind == "format":
        return f"is no valid {cut(str(wanted), SHOWN_NAME)}"
    if kind == "oneOf":
        return "fits none of the alternatives" if error.context else "fits more than one of the alternatives"
    if kind in UNKNOWN_FIELD or error.validator is None:
        return "is not a known field"
    return WORDS.get(kind, f"does not satisfy {kind}")


def most_telling(error: ValidationError) -> ValidationError:
    """The error itself, or of a choice between alternatives the first error of the one that was most likely meant."""
    for _ in range(DEEPEST_BRANCH):
        branch = _meant(error.context) if error.validator in ("anyOf", "oneOf") and error.context else ()
        if not branch:
            return error
        error = min(branch, key=lambda each: (len(each.path), each.validator in UNKNOWN_FIELD))
    return error


def _meant(context: Sequence[ValidationError]) -> Sequence[ValidationError]:
    """The errors of the alternative that fits best; () when none is nearer than the others."""
    branches = [list(errors) for _, errors in groupby(context, key=lambda error: error.schema_path[0])]
    right_shape = [errors for errors in branches if not any(_of_another_kind(each) for each in errors)]
    if not right_shape:
        return ()
    ranked = sorted(right_shape, key=lambda errors: (len(errors), [-len(each.path) for each in errors[:1]]))
    return ranked[0]


def _of_another_kind(error: ValidationError) -> bool:
    """Whether it says that the alternative was not meant at all: another type, or another name of the kind."""
    depth = len(error.path)
    return (error.validator == "type" and not depth) or (error.validator in ("const", "enum") and depth <= 1)


def accepted(schema: JsonValue) -> JsonValue:
    """What a schema accepts, in its own words, shortened."""
    if not isinstance(schema, dict):
        return "anything" if schema is not False else "nothing"
    told: JsonObject = {name: _short(schema[name]) for name in TOLD if name in schema}
    if isinstance(choices := schema.get("enum"), list):
        told["enum"] = _choices(choices)
    for name in ("anyOf", "oneOf"):
        if isinstance(parts := schema.get(name), list):
            told[name] = [accepted(part) for part in parts[:4]]
    if isinstance(named := schema.get("properties"), dict):
        told["fields"] = [cut(name, SHOWN_NAME) for name in list(named)[:SHOWN_CHOICES]]
    if isinstance(items := schema.get("items"), dict):
        told["items"] = {name: _short(items[name]) for name in ("type", "format") if name in items}
    if isinstance(meaning := schema.get("description"), str):
        told["description"] = cut(meaning, SHOWN_CHARACTERS)
    return told or "see the tool's schema"


def _short(value: JsonValue) -> JsonValue:
    if isinstance(value, str):
        return cut(value, SHOWN_CHARACTERS)
    return shown(value) if isinstance(value, list | dict) else value


def _choices(choices: list[JsonValue]) -> list[JsonValue]:
    told: list[JsonValue] = [_short(choice) for choice in choices[:SHOWN_CHOICES]]
    return [*told, f"… and {len(choices) - SHOWN_CHOICES} more"] if len(choices) > SHOWN_CHOICES else told


def nearest_names(name: str, known: list[str]) -> JsonObject:
    """What is said of a field that does not exist."""
    if near := nearest(name, known):
        return {"accepted": f"did you mean {near}?", "did_you_mean": near}
    listed = ", ".join(cut(each, SHOWN_NAME) for each in sorted(known)[:SHOWN_CHOICES])
    more = f" and {len(known) - SHOWN_CHOICES} more" if len(known) > SHOWN_CHOICES else ""
    return {"accepted": f"only: {listed}{more}" if known else "no fields at all"}


def nearest(word: str, known: list[str]) -> str:
    """The known word that was probably meant; "" when there is none."""
    candidates = {each.casefold(): each for each in known[:MOST_COMPARED] if len(each) <= SHOWN_NAME}
    near = difflib.get_close_matches(word[:SHOWN_NAME].casefold(), candidates, n=1)
    return candidates[near[0]] if near else ""


def _near_choice(error: ValidationError) -> str:
    choices = error.validator_value
    if error.validator != "enum" or not isinstance(choices, list) or not isinstance(error.instance, str):
        return ""
    return nearest(error.instance, [choice for choice in choices if isinstance(choice, str)])
