"""Usage of every vendor in one shape, and nothing believed that cannot be."""

import pytest

from agents.contracts.base import JsonObject
from agents.llms.usage import usage_of
from budgets.pricing import Usage


def test_openai_counts_cache_and_reasoning_within_its_totals() -> None:
    reported: JsonObject = {
        "prompt_tokens": 100,
        "completion_tokens": 50,
        "total_tokens": 150,
        "prompt_tokens_details": {"cached_tokens": 60},
        "completion_tokens_details": {"reasoning_tokens": 20},
    }
    assert usage_of(reported) == Usage(100, 50, cache_read_tokens=60, reasoning_tokens=20)


def test_responses_use_other_names_for_the_same() -> None:
    reported: JsonObject = {
        "input_tokens": 100,
        "output_tokens": 50,
        "input_tokens_details": {"cached_tokens": 60},
        "output_tokens_details": {"reasoning_tokens": 20},
    }
    assert usage_of(reported) == Usage(100, 50, cache_read_tokens=60, reasoning_tokens=20)


def test_anthropic_counts_cache_beside_its_input() -> None:
    reported: JsonObject = {
        "input_tokens": 10,
        "cache_read_input_tokens": 60,
        "cache_creation_input_tokens": 30,
        "output_tokens": 50,
        "output_tokens_details": {"thinking_tokens": 20},
    }
    assert usage_of(reported) == Usage(100, 50, 60, 30, 20)


def test_reasoning_that_the_total_counts_on_top_is_added_to_the_output() -> None:
    reported: JsonObject = {
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "total_tokens": 35,
        "completion_tokens_details": {"reasoning_tokens": 20},
    }
    assert usage_of(reported) == Usage(10, 25, reasoning_tokens=20)


def test_more_cached_than_input_means_that_cache_was_counted_beside_it() -> None:
    reported: JsonObject = {
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "prompt_tokens_details": {"cached_tokens": 90},
    }
    assert usage_of(reported) == Usage(100, 5, cache_read_tokens=90)


def test_a_cached_count_at_the_top_is_found() -> None:
    assert usage_of({"prompt_tokens": 9, "completion_tokens": 1, "num_cached_tokens": 4}) == Usage(9, 1, 4)


@pytest.mark.parametrize("nonsense", [-1, True, 1.5, "12", 10**10, "NaN", [1], float("inf")])
def test_nonsense_counts_as_none_reported(nonsense: object) -> None:
    reported = {"prompt_tokens": nonsense, "completion_tokens": 5}
    assert usage_of(reported) is None  # type: ignore[arg-type]  # hostile on purpose


@pytest.mark.parametrize("reported", [{}, {"total_tokens": 12}, {"cost": 1}])
def test_no_usage_is_none(reported: JsonObject) -> None:
    assert usage_of(reported) is None


def test_whole_floats_are_counts() -> None:
    assert usage_of({"prompt_tokens": 12.0, "completion_tokens": 5.0}) == Usage(12, 5)
