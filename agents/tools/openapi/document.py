"""An OpenAPI document as plain JSON: read from JSON or YAML, with nothing in it that grows when it is looked at."""

import json
import math
import re
from collections.abc import Iterator
from typing import NoReturn

import yaml
from pydantic import JsonValue

from agents.contracts.base import JsonObject

MAX_BYTES = 10_000_000
MOST_LEVELS = 100
_VERSION = re.compile(r"3\.[01](\.\d+)?")
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
_WORDS: dict[str, JsonValue] = {"": None, "~": None, "null": None, "true": True, "false": False}
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,30})")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The parser in C where there is one: public documents have hundreds of thousands of lines."""


class BadDocument(Exception):
    """The document, or an operation of it, cannot be used; the message is one sentence."""


def read_document(content: bytes) -> JsonObject:
    """The document. Raises BadDocument for what is none of version 3.0 or 3.1, too large, too deep, or has aliases."""
    if len(content) > MAX_BYTES:
        raise BadDocument(f"The document is larger than {MAX_BYTES // 1_000_000} MB.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadDocument("The document is not UTF-8 text.") from error
    found = _json(text) if text.lstrip().startswith("{") else _yaml(text)
    if not isinstance(found, dict):
        raise BadDocument("The document is no mapping with openapi: and paths:.")
    _check(found)
    version = found.get("openapi")
    if not _VERSION.fullmatch(str(version)):
        named = f"Swagger {found['swagger']}" if "swagger" in found else f"openapi: {version}"
        raise BadDocument(f"The document is {named[:40]}; versions 3.0 and 3.1 are read.")
    return found


def _json(text: str) -> JsonValue:
    try:
        found: JsonValue = json.loads(text, parse_constant=_no_number)
    except RecursionError as error:
        raise BadDocument(f"The document is nested more than {MOST_LEVELS} levels deep.") from error
    except ValueError as error:
        raise BadDocument(f"The document is no JSON: {str(error)[:200]}.") from error
    return found


def _yaml(text: str) -> JsonValue:
    """Read by events, so that an alias is refused before anything is made of it."""
    events = yaml.parse(text, Loader=_LOADER)
    try:
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                return _node(next(events), events, 0)
    except yaml.YAMLError as error:
        raise BadDocument(f"The document is no YAML: {' '.join(str(error).split())[:200]}.") from error
    except (ValueError, OverflowError) as error:
        raise BadDocument("The document is no YAML: an escape stands for no character.") from error
    return None


def _node(event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> JsonValue:
    if depth > MOST_LEVELS:
        raise BadDocument(f"The document is nested more than {MOST_LEVELS} levels deep.")
    if isinstance(event, yaml.AliasEvent):
        raise BadDocument(f"An alias (*{event.anchor}) on line {_line(event)} is not followed.")
    if isinstance(event, yaml.ScalarEvent):
        return _scalar(event.value) if not event.style else str(event.value)
    if isinstance(event, yaml.SequenceStartEvent):
        return [_node(each, events, depth + 1) for each in _until(yaml.SequenceEndEvent, events)]
    found: JsonObject = {}
    for key in _until(yaml.MappingEndEvent, events):
        if not isinstance(key, yaml.ScalarEvent):
            raise BadDocument(f"The key on line {_line(key)} is no text.")
        found[key.value] = _node(next(events), events, depth + 1)
    return found


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _until(end: type[yaml.Event], events: Iterator[yaml.Event]) -> Iterator[yaml.Event]:
    while not isinstance(event := next(events), end):
        yield event


def _scalar(text: str) -> JsonValue:
    """By YAML 1.2's core rules, as OpenAPI wants it: yes, on and 2026-11-22 are text."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text


def _check(value: JsonValue) -> None:
    """Levels, numbers and texts. Raises BadDocument."""
    layer: list[JsonValue] = [value]
    for _ in range(MOST_LEVELS):
        inner: list[JsonValue] = []
        for part in layer:
            if isinstance(part, dict):
                inner += part.values()
                inner += part.keys()
            elif isinstance(part, list):
                inner += part
            elif isinstance(part, str) and _UNSTORABLE.search(part):
                raise BadDocument("NUL or half a surrogate pair stands in the document.")
            elif isinstance(part, float) and not math.isfinite(part):
                raise BadDocument("A number in the document is too large.")
        if not inner:
            return
        layer = inner
    raise BadDocument(f"The document is nested more than {MOST_LEVELS} levels deep.")


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")
