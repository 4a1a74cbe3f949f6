"""What a tool says can be stored, however deep it lies."""

import hashlib
import json

import pytest
from pydantic import JsonValue

from agents.tools.output import DEEPEST, MOST_BYTES, TOO_DEEP, CutText, cut_if_large, deeper_than, plain_output


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


@pytest.mark.parametrize("value", ["", "x" * MOST_BYTES, "é" * (MOST_BYTES // 2), ["x" * (MOST_BYTES - 4)], {"a": 1}])
def test_what_fits_is_kept_whole(value: JsonValue) -> None:
    assert cut_if_large(value) == value


@pytest.mark.parametrize("value", ["x" * (MOST_BYTES + 1), ["x" * (MOST_BYTES - 3)], "é" * (MOST_BYTES // 2 + 1)])
def test_what_does_not_fit_is_cut_at_a_character_and_knows_the_whole(value: JsonValue) -> None:
    text = value if isinstance(value, str) else json.dumps(value)
    cut = cut_if_large(value)
    assert isinstance(cut, CutText)
    assert text.startswith(cut)
    assert MOST_BYTES - 3 < len(cut.encode()) <= MOST_BYTES
    assert (cut.size_bytes, cut.sha256) == (len(text.encode()), hashlib.sha256(text.encode()).hexdigest())


def test_text_that_cannot_be_encoded_is_measured_as_it_is_stored() -> None:
    cut = cut_if_large("\ud800" * (MOST_BYTES // 2))
    assert isinstance(cut, CutText)
    assert cut.size_bytes == 6 * (MOST_BYTES // 2)
