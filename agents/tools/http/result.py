"""What of an answer is the tool's result: its JSON, the part that counts, in the shape that was promised."""

import json
from functools import lru_cache
from typing import NoReturn

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match
from jsonschema.protocols import Validator
from pydantic import JsonValue
from referencing import Registry
from referencing.exceptions import Unresolvable

from agents.contracts.base import JsonObject
from agents.contracts.specs import HttpEndpoint
from agents.tools.http.reading import Answer, Unusable
from agents.tools.output import deeper_than

DEEPEST = 200
SHOWN_CHARACTERS = 200
TEXTS = frozenset({"text/plain", "text/csv", "text/markdown"})
CHARSETS = frozenset({"utf-8", "us-ascii", "iso-8859-1", "windows-1252"})


def result_of(answer: Answer, endpoint: HttpEndpoint) -> JsonValue:
    """The result; null of an empty answer. Raises Unusable."""
    found = pointed_at(_value(answer), endpoint.result)
    if endpoint.result_schema:
        _check(found, endpoint.result_schema)
    return found


def json_of(answer: Answer) -> JsonValue:
    """The answer's JSON. Raises Unusable for what is none, or more than a program can take in."""
    try:
        value: JsonValue = json.loads(answer.body, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Unusable("the answer is no JSON that can be read") from error
    if deeper_than(value, DEEPEST):
        raise Unusable(f"the answer is nested more than {DEEPEST} levels deep")
    return value


def pointed_at(value: JsonValue, pointer: str) -> JsonValue:
    """What a JSON Pointer (RFC 6901) leads to. Raises Unusable."""
    for token in tokens(pointer):
        if isinstance(value, dict) and token in value:
            value = value[token]
        elif isinstance(value, list) and token.isascii() and token.isdigit() and _place(token) < len(value):
            value = value[_place(token)]
        else:
            raise Unusable(f"the answer has nothing at {pointer[:SHOWN_CHARACTERS]}")
    return value


def tokens(pointer: str) -> list[str]:
    """The parts of a JSON Pointer. Raises ValueError for what is none."""
    if pointer and not pointer.startswith("/"):
        raise ValueError("A JSON Pointer begins with a slash, as in /data/items.")
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]


def _place(token: str) -> int:
    return int(token) if token == "0" or (token[0] != "0" and len(token) < 10) else 2**63


def _value(answer: Answer) -> JsonValue:
    if not answer.body.strip():
        return None
    if answer.is_html:
        raise Unusable("the answer is an HTML page")
    if answer.is_json or not answer.content_type:
        return json_of(answer)
    if answer.content_type in TEXTS:
        charset = answer.charset if answer.charset in CHARSETS else "utf-8"
        return answer.body.decode(charset, "replace")
    raise Unusable(f"the answer is {answer.content_type[:80]}, not JSON")


def _check(value: JsonValue, schema: JsonObject) -> None:
    try:
        fault = best_match(_validator(json.dumps(schema)).iter_errors(value))
    except (RecursionError, Unresolvable) as error:
        raise Unusable("the answer cannot be checked against result_schema") from error
    if isinstance(fault, ValidationError):
        at = fault.json_path.removeprefix("$") or "itself"
        raise Unusable(f"the answer is not what was promised: {at[:80]}: {fault.message[:SHOWN_CHARACTERS]}")


@lru_cache(maxsize=256)
def _validator(schema: str) -> Validator:
    """Without a registry of its own the library would fetch what a schema refers to."""
    return Draft202012Validator(json.loads(schema), registry=Registry())


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
