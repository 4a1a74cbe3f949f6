"""A tool's result as the thread carries it."""

import json

from agents.contracts.base import JsonObject


def plain_object(value: object) -> JsonObject:
    """The result after a trip through JSON, which must be an object."""
    found = json.loads(json.dumps(value, allow_nan=False))
    assert isinstance(found, dict)
    return found
