"""What a tool said, in a shape that can be stored and read back whatever the tool was."""

import json

from pydantic import JsonValue

DEEPEST = 100  # levels; validators and databases give up between 200 and 1000
TOO_DEEP = "The output was nested too deeply to be shown."


def plain_output(value: JsonValue) -> JsonValue:
    """The value, or its JSON as text when it is nested deeper than ``DEEPEST``."""
    if not deeper_than(value, DEEPEST):
        return value
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return TOO_DEEP


def deeper_than(value: JsonValue, levels: int) -> bool:
    """Whether lists and objects lie in each other more often than that."""
    layer: list[JsonValue] = [value]
    for _ in range(levels + 1):
        inner: list[JsonValue] = []
        for part in layer:
            if isinstance(part, dict):
                inner += part.values()
            elif isinstance(part, list):
                inner += part
        if not inner:
            return False
        layer = inner
    return True
