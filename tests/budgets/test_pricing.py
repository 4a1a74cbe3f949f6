"""Usage times rates: exact, rounded up once, and never above what was reserved."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgets.money import MAX_NANOS, parse_usd
from budgets.pricing import (
    MAX_RATE_NANOS,
    MAX_TOKENS,
    LongContextTier,
    PriceSnapshot,
    Rates,
    RatesError,
    TokenRates,
    Usage,
    UsageError,
    affordable_output_tokens,
    cost_nanos,
    worst_case_nanos,
)

FLAT = Rates.flat(input=parse_usd("2.00"), output=parse_usd("8.00"))

rate = st.integers(min_value=0, max_value=10**12)
token_rates = st.builds(
    TokenRates, input=rate, output=rate, cache_read=rate, cache_write=rate, reasoning=st.none() | rate
)


@st.composite
def any_rates(draw: st.DrawFn) -> Rates:
    """Rates with up to three long-context tiers, each dearer or cheaper than the one before."""
    starts = sorted(draw(st.sets(st.integers(0, 300_000), max_size=3)))
    tiers = tuple(LongContextTier(start, draw(token_rates)) for start in starts)
    return Rates(base=draw(token_rates), per_request=draw(rate), tiers=tiers)


@st.composite
def any_usage(draw: st.DrawFn) -> Usage:
    """Usage whose parts fit into their wholes."""
    input_tokens, output_tokens = draw(st.integers(0, 400_000)), draw(st.integers(0, 100_000))
    cache_read = draw(st.integers(0, input_tokens))
    cache_write = draw(st.integers(0, input_tokens - cache_read))
    return Usage(input_tokens, output_tokens, cache_read, cache_write, draw(st.integers(0, output_tokens)))


@given(any_usage(), any_rates(), st.integers(0, 10_000), st.integers(0, 10_000))
def test_settled_is_never_above_reserved(usage: Usage, rates: Rates, more_input: int, more_output: int) -> None:
    reserved = worst_case_nanos(usage.input_tokens + more_input, usage.output_tokens + more_output, rates)
    assert cost_nanos(usage, rates) <= reserved


@given(any_rates())
def test_rates_survive_storage(rates: Rates) -> None:
    assert Rates.from_json(rates.as_json()) == rates


@given(any_rates(), st.integers(0, 400_000), st.integers(0, 100_000))
def test_the_affordable_output_fits_and_one_more_does_not(rates: Rates, input_tokens: int, fitting: int) -> None:
    left = worst_case_nanos(input_tokens, fitting, rates)
    most = affordable_output_tokens(left, input_tokens, rates)
    assert most is not None
    assert most >= fitting
    assert worst_case_nanos(input_tokens, most, rates) <= left
    assert most == MAX_TOKENS or worst_case_nanos(input_tokens, most + 1, rates) > left


def test_a_prompt_that_does_not_fit_affords_nothing() -> None:
    assert affordable_output_tokens(1, 1000, FLAT) is None


def test_a_cost_is_tokens_times_rate_and_the_fee() -> None:
    rates = Rates(base=FLAT.base, per_request=7)
    assert cost_nanos(Usage(1000, 200), rates) == 2_000_000 + 1_600_000 + 7


def test_a_fraction_of_a_nano_is_rounded_up_once() -> None:
    assert cost_nanos(Usage(1, 1), Rates.flat(input=1, output=1)) == 1


def test_cached_and_reasoning_tokens_are_parts_of_their_wholes() -> None:
    rates = Rates(TokenRates(input=10**9, output=2 * 10**9, cache_read=10**8, cache_write=3 * 10**9, reasoning=10**9))
    usage = Usage(1000, 100, cache_read_tokens=600, cache_write_tokens=300, reasoning_tokens=50)
    assert cost_nanos(usage, rates) == 100 * 1000 + 600 * 100 + 300 * 3000 + 50 * 2000 + 50 * 1000


def test_a_long_prompt_pays_the_dearer_rate_for_every_token() -> None:
    dear = TokenRates(input=2 * 10**9, output=2 * 10**9, cache_read=2 * 10**9, cache_write=2 * 10**9)
    rates = Rates(base=Rates.flat(input=10**9, output=10**9).base, tiers=(LongContextTier(1000, dear),))
    assert cost_nanos(Usage(1000, 0), rates) == 1_000_000
    assert cost_nanos(Usage(1001, 0), rates) == 2_002_000


@pytest.mark.parametrize(
    "tokens",
    [(-1, 0), (0, -1), (MAX_TOKENS + 1, 0), (10, 0, 6, 5), (10, 0, 11), (0, 10, 0, 0, 11)],
)
def test_usage_that_cannot_be_is_refused(tokens: tuple[int, ...]) -> None:
    with pytest.raises(UsageError):
        Usage(*tokens)


@pytest.mark.parametrize("tokens", [float("nan"), float("inf"), 1.0, "10", None, True, 10**400])
def test_usage_that_is_no_whole_number_is_refused(tokens: Any) -> None:
    with pytest.raises(UsageError):
        Usage(tokens, 0)


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"input": 1},
        {"input": "1", "output": 1},
        {"input": 1.5, "output": 1},
        {"input": True, "output": 1},
        {"input": -1, "output": 1},
        {"input": 1, "output": MAX_RATE_NANOS + 1},
        {"input": 1, "output": 1, "tiers": {}},
        {"input": 1, "output": 1, "tiers": [1]},
        {"input": 1, "output": 1, "tiers": [{"input": 1, "output": 1}]},
        {"input": 1, "output": 1, "per_request": None},
    ],
)
def test_stored_rates_that_are_none_are_refused(stored: dict[str, object]) -> None:
    with pytest.raises(RatesError):
        Rates.from_json(stored)


def test_tiers_out_of_order_are_refused() -> None:
    tiers = (LongContextTier(2, FLAT.base), LongContextTier(1, FLAT.base))
    with pytest.raises(RatesError):
        Rates(base=FLAT.base, tiers=tiers)


def test_the_dearest_possible_call_is_an_amount_that_a_balance_can_keep() -> None:
    dearest = Rates.flat(input=MAX_RATE_NANOS, output=0)
    assert worst_case_nanos(MAX_TOKENS, 0, dearest) <= MAX_NANOS


def test_a_snapshot_names_its_source() -> None:
    stored = PriceSnapshot(rates=FLAT, source="rehearsal list", version="override 1").as_json()
    assert stored["source"] == "rehearsal list"
    assert stored["version"] == "override 1"
