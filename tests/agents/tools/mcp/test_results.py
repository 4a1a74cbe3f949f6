"""What a result means as JSON."""

import pytest
from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.calls import ToolRefusal
from agents.tools.mcp.results import value_of
from agents.tools.output import MOST_BYTES, CutText

TEXT: JsonObject = {"type": "text", "text": "tea"}
SOUND: JsonObject = {"type": "audio", "data": "aGVsbG8=", "mimeType": "audio/wav"}
SOUND_NOTE: JsonObject = {"type": "audio", "media_type": "audio/wav", "bytes": 5, "note": "5 bytes of audio, not shown"}


@pytest.mark.parametrize(
    ("result", "value"),
    [
        ({"content": [TEXT]}, "tea"),
        ({"content": [TEXT, TEXT]}, ["tea", "tea"]),
        ({"content": []}, []),
        ({}, []),
        ({"content": [TEXT], "structuredContent": {"drink": "tea"}}, {"drink": "tea"}),
        (
            {"content": [TEXT, SOUND], "structuredContent": {"drink": "tea"}},
            {"result": {"drink": "tea"}, "also": [SOUND_NOTE]},
        ),
        (
            {"content": [{"type": "resource", "resource": {"uri": "file:///a", "text": "tea"}}]},
            {"resource": "file:///a", "text": "tea"},
        ),
        (
            {"content": [{"type": "resource_link", "uri": "https://example.org/a", "name": "a"}]},
            {"resource": "https://example.org/a", "name": "a", "note": "A link; it was not followed."},
        ),
        (
            {"content": [{"type": "resource", "resource": {"uri": "file:///a", "blob": "aGk=", "mimeType": "a/b"}}]},
            {
                "type": "file",
                "media_type": "a/b",
                "bytes": 2,
                "note": "2 bytes of file, not shown",
                "resource": "file:///a",
            },
        ),
    ],
)
def test_a_result_is_its_structure_or_its_text(result: JsonObject, value: JsonValue) -> None:
    assert value_of(result) == value


def test_a_large_text_is_cut_with_its_size() -> None:
    value = value_of({"content": [{"type": "text", "text": "x" * (MOST_BYTES + 1)}]})
    assert isinstance(value, CutText)
    assert value.size_bytes == MOST_BYTES + 1


def test_an_error_without_words_is_a_refusal_all_the_same() -> None:
    with pytest.raises(ToolRefusal, match="the tool gave no reason"):
        value_of({"content": [SOUND], "isError": True})


def test_what_is_no_json_is_a_fault() -> None:
    with pytest.raises(ValueError, match="JSON"):
        value_of({"structuredContent": {"price": float("nan")}})
