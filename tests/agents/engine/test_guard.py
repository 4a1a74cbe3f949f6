"""The key of a call: the same for the same meaning; and what is advised about repeats."""

import pytest
from pydantic import JsonValue

from agents.contracts.specs import LoopLimits
from agents.engine.guard import Advice, Made, advise, call_key, circle

ONE: dict[str, JsonValue] = {"to": "ann", "n": 1, "deep": {"b": [1, 2], "a": None}}


def test_the_order_of_names_makes_no_difference() -> None:
    other: dict[str, JsonValue] = {"deep": {"a": None, "b": [1, 2]}, "n": 1, "to": "ann"}
    assert call_key("send", "1", ONE) == call_key("send", "1", other)


@pytest.mark.parametrize(
    "change",
    [{"n": 2}, {"n": "1"}, {"n": True}, {"n": None}, {"to": "Ann"}, {"deep": {"b": [2, 1], "a": None}}],
)
def test_another_value_makes_another_call(change: dict[str, JsonValue]) -> None:
    assert call_key("send", "1", {**ONE, **change}) != call_key("send", "1", ONE)


def test_another_tool_or_version_makes_another_call() -> None:
    assert len({call_key("send", "1", ONE), call_key("send", "2", ONE), call_key("post", "1", ONE)}) == 3


def test_volatile_arguments_count_for_nothing() -> None:
    with_time: dict[str, JsonValue] = {**ONE, "at": "12:00"}
    assert call_key("send", "1", with_time, ("at",)) == call_key("send", "1", ONE, ("at",))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53, "\ud800"])
def test_what_has_no_canonical_form_has_no_key(value: JsonValue) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        call_key("send", "1", {"value": value})


@pytest.mark.parametrize(
    ("made", "advice"),
    [(0, "go"), (1, "go"), (2, "nudge"), (3, "block"), (4, "block"), (5, "stop"), (99, "stop")],
)
def test_advice_grows_with_repeats(made: int, advice: Advice) -> None:
    assert advise(made, LoopLimits(nudge_after=2, block_after=3, stop_after=5)) == advice


def test_a_circle_counts_as_one_time_more() -> None:
    limits = LoopLimits(nudge_after=2, block_after=3, stop_after=5)
    assert [advise(made, limits, circling=True) for made in range(5)] == ["go", "nudge", "block", "block", "stop"]


def trail(calls: str) -> list[Made]:
    """A call of tool a with one key for each a, and so on; capitals are the same tool with other arguments."""
    return [(letter.lower(), letter) for letter in calls]


@pytest.mark.parametrize(
    ("before", "now", "found"),
    [
        ("", "a", ""),
        ("aba", "b", "ab"),
        ("abab", "a", "ba"),
        ("abcab", "c", "abc"),
        ("abcdabc", "d", "abcd"),
        ("xxaba", "b", "ab"),
        ("aAa", "A", "aa"),
        ("aaa", "a", ""),
        ("aba", "c", ""),
        ("ab", "a", ""),
        ("abcab", "d", ""),
        ("abcdeabcd", "e", ""),
    ],
)
def test_a_circle_of_two_to_four_calls_is_seen_when_it_closes_again(before: str, now: str, found: str) -> None:
    assert circle(trail(before), trail(now)[0]) == tuple(found)
