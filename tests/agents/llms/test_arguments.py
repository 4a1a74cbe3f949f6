"""Arguments of calls: an object, or the text as it came."""

import pytest

from agents.contracts.messages import ToolCall
from agents.llms.arguments import arguments_to_send, parsed_call


@pytest.mark.parametrize(
    "raw",
    [
        '{"a": 1',
        "[1]",
        '"text"',
        "12",
        "null",
        '{"a": NaN}',
        '{"a": Infinity}',
        '{"a": [1e400]}',
        '{"a": "\\ud800"}',
        "{" * 9_999,
    ],
)
def test_what_is_no_object_is_kept_as_text(raw: str) -> None:
    call = parsed_call("c", "t", raw, whole=True)
    assert call.arguments is None
    assert call.arguments_raw == raw


def test_an_object_is_parsed_exactly() -> None:
    call = parsed_call("c", "t", '{"n": 1, "f": 1.5, "s": "5", "deep": {"l": [true, null]}}', whole=True)
    assert call.arguments == {"n": 1, "f": 1.5, "s": "5", "deep": {"l": [True, None]}}
    assert call.arguments_raw == ""


def test_no_text_means_no_arguments_in_a_whole_answer_only() -> None:
    assert parsed_call("c", "t", "", whole=True).arguments == {}
    assert parsed_call("c", "t", None, whole=True).arguments == {}
    assert parsed_call("c", "t", "", whole=False).arguments is None


def test_broken_arguments_go_back_as_an_object() -> None:
    assert arguments_to_send(ToolCall(call_id="c", name="t", arguments=None, arguments_raw="{a")) == {
        "INVALID_JSON": "{a"
    }
