"""What a tool says can be stored, however deep it lies."""

import json

import pytest
from pydantic import JsonValue

from agents.tools.output import DEEPEST, TOO_DEEP, deeper_than, plain_output


def nested(levels: int) -> JsonValue:
    """Lists and objects in turn."""
    value: JsonValue = "tea"
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


@pytest.mark.parametrize("value", [None, "", 0, [], {}, [[], {}], {"a": [1, {"b": None}]}, nested(DEEPEST)])
def test_ordinary_values_stay_as_they_are(value: JsonValue) -> None:
    assert plain_output(value) is value


def test_a_deep_value_becomes_its_json_as_text() -> None:
    value = nested(DEEPEST + 1)
    assert plain_output(value) == json.dumps(value)


def test_an_abyss_is_named() -> None:
    assert plain_output(nested(50_000)) == TOO_DEEP


@pytest.mark.parametrize(("levels", "limit", "deeper"), [(0, 0, False), (1, 0, True), (3, 3, False), (4, 3, True)])
def test_depth_counts_lists_and_objects(levels: int, limit: int, deeper: bool) -> None:
    assert deeper_than(nested(levels), limit) is deeper
