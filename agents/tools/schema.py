"""The schema of a tool's arguments, ready to check with: strict, closed, bounded, and without a network."""

import json
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError, UnknownType, ValidationError
from pydantic import JsonValue
from referencing import Registry
from referencing.exceptions import Unresolvable

from agents.contracts.base import JsonObject
from agents.tools import patterns
from agents.tools.output import deeper_than
from agents.tools.schema_closing import REFERENCES, Fields, Place, closed, subschemas
from agents.tools.schema_effort import TooMuchWork, bounded
from agents.tools.schema_keywords import StrictValidator

MOST_SCHEMA_CHARACTERS = 100_000
MOST_VALUE_CHARACTERS = 200_000
DEEPEST_SCHEMA, DEEPEST_VALUE = 60, 32
MOST_ERRORS = 40
MOST_ITEMS = 2_000
NO_FORMATS = FormatChecker(formats=())  # of a schema itself: patterns are tried by the engine that will match them
NOWHERE: Registry[JsonValue] = Registry()
"""Has no way to fetch: a reference to another document is an error and never a request."""


class UnusableSchema(ValueError):
    """A schema that no call can be checked with: a fault of the tool, not of the LLM. The text says which."""

    def __init__(self, text: str, place: Place = ()) -> None:
        super().__init__(text)
        self.place = place


class UncheckableValue(ValueError):
    """A value that is too large, too deep or too laborious to be checked; the text says which."""


class Schema:
    """One compiled schema."""

    def __init__(self, parameters: JsonObject) -> None:
        self.fields = Fields(parameters)
        self._validator = StrictValidator(closed(parameters, self.fields), registry=NOWHERE)

    def errors(self, value: JsonValue) -> list[ValidationError]:
        """What is wrong with a value, the first of it. Raises UncheckableValue or UnusableSchema."""
        characters = _measured(value)
        try:
            with bounded(value, characters):
                return list(islice(self._validator.iter_errors(value), MOST_ERRORS))
        except (TooMuchWork, RecursionError) as error:
            raise UncheckableValue("to check it by this schema takes more work than is allowed") from error
        except Unresolvable as error:
            raise UnusableSchema(f"the reference {error.ref[:100]!r} leads nowhere") from error
        except (
            patterns.UnusablePattern,
            UnknownType,
            TypeError,
            AttributeError,
            KeyError,
        ) as error:  # no schema, though stored
            raise UnusableSchema(f"it is no JSON Schema: {error}"[:300]) from error


def schema_of(parameters: JsonObject) -> Schema:
    """The compiled schema, kept by its text. Raises UnusableSchema."""
    return _compiled(_text(parameters))


def check_schema(parameters: JsonObject) -> None:
    """What a schema must pass before it is written down. Raises UnusableSchema, with the place within the schema."""
    text = _text(parameters)
    if any(len(part) > MOST_ITEMS for part in _lists(parameters)):
        raise UnusableSchema(f"A list in it has more than {MOST_ITEMS} items.")
    try:
        Draft202012Validator.check_schema(parameters, format_checker=NO_FORMATS)
    except SchemaError as error:
        raise UnusableSchema(f"This is no JSON Schema 2020-12: {error.message[:200]}.", tuple(error.path)) from error
    fields = Fields(parameters)
    for place, part in subschemas(parameters):
        _check_part(place, part, fields)
    _compiled(text)


def _check_part(place: Place, part: dict[str, JsonValue], fields: Fields) -> None:
    shapes = part.get("patternProperties")
    named = [("patternProperties", shape) for shape in shapes] if isinstance(shapes, dict) else []
    for keyword, shape in [*named, ("pattern", str(part.get("pattern", "")))]:
        try:
            patterns.compiled(shape)
        except patterns.UnusablePattern as error:
            raise UnusableSchema(f"{error}.", (*place, keyword)) from error
    for keyword in REFERENCES:
        if keyword in part and not fields.leads_somewhere(str(part[keyword])):
            said = "leads nowhere in this document, and no other document is fetched."
            raise UnusableSchema(f"The reference {str(part[keyword])[:100]!r} {said}", (*place, keyword))


@lru_cache(maxsize=256)
def _compiled(text: str) -> Schema:
    parameters: JsonObject = json.loads(text)
    try:
        return Schema(parameters)
    except TooMuchWork as error:
        raise UnusableSchema("its parts refer to each other too often") from error
    except (TypeError, AttributeError, ValueError) as error:  # no schema, though stored
        raise UnusableSchema(f"it is no JSON Schema: {error}"[:300]) from error


def _text(parameters: JsonObject) -> str:
    try:
        text = json.dumps(parameters)
    except (RecursionError, ValueError) as error:
        raise UnusableSchema("it is nested too deeply") from error
    if len(text) > MOST_SCHEMA_CHARACTERS:
        raise UnusableSchema(f"it has {len(text)} characters, and {MOST_SCHEMA_CHARACTERS} are the most")
    if _deep(parameters, text, DEEPEST_SCHEMA):
        raise UnusableSchema(f"it is nested deeper than {DEEPEST_SCHEMA} levels")
    return text


def _measured(value: JsonValue) -> int:
    """The characters of its JSON."""
    try:
        text = json.dumps(value, allow_nan=False)
    except RecursionError as error:
        raise UncheckableValue("it is nested too deeply") from error
    except ValueError as error:
        raise UncheckableValue("only finite numbers are JSON") from error
    if len(text) > MOST_VALUE_CHARACTERS:
        raise UncheckableValue(f"it has {len(text)} characters, and {MOST_VALUE_CHARACTERS} are the most")
    if _deep(value, text, DEEPEST_VALUE):
        raise UncheckableValue(f"it is nested deeper than {DEEPEST_VALUE} levels")
    return len(text)


def _deep(value: JsonValue, text: str, levels: int) -> bool:
    """Whether it is nested deeper; what has fewer brackets than that is not looked through."""
    return text.count("{") + text.count("[") > levels and deeper_than(value, levels)


def _lists(value: JsonValue) -> Iterator[list[JsonValue]]:
    """Every list anywhere in it."""
    if isinstance(value, list):
        yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _lists(child)
