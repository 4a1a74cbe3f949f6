"""The public price list, read offline and compared with the library's own arithmetic."""

from datetime import UTC, datetime
from decimal import Decimal

import genai_prices
import pytest

from budgets.listed_prices import listed_price
from budgets.money import NANOS_PER_USD
from budgets.pricing import PriceSnapshot, Usage, cost_nanos

AT = datetime(2026, 11, 22, tzinfo=UTC)


def listed(llm: str) -> PriceSnapshot:
    """The price of an LLM that must be on the list."""
    price = listed_price(llm, AT)
    assert price is not None
    return price


@pytest.mark.parametrize(
    "llm",
    [
        "openai:gpt-4o",
        "openai:gpt-5",
        "anthropic:claude-sonnet-4-5",
        "google:gemini-2.5-pro",
        "mistral:mistral-large-latest",
    ],
)
@pytest.mark.parametrize(
    "usage",
    [
        Usage(1000, 200),
        Usage(250_001, 4000),
        Usage(200_000, 7),
        Usage(5000, 300, cache_read_tokens=3000),
        Usage(1, 1),
    ],
)
def test_a_listed_cost_is_the_librarys_own(llm: str, usage: Usage) -> None:
    vendor, name = llm.split(":")
    counted = genai_prices.Usage(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cache_read_tokens=usage.cache_read_tokens,
    )
    theirs = genai_prices.calc_price(counted, name, provider_id=vendor, genai_request_timestamp=AT).total_price
    ours = Decimal(cost_nanos(usage, listed(llm).rates))
    assert 0 <= ours - theirs * NANOS_PER_USD < 1


def test_a_listed_price_says_where_it_comes_from() -> None:
    price = listed("openai:gpt-4o")
    assert (price.source, price.version) == ("genai-prices", genai_prices.__version__)
    assert (price.rates.base.input, price.rates.base.output) == (2_500_000_000, 10_000_000_000)


def test_long_context_tiers_are_taken_over() -> None:
    rates = listed("anthropic:claude-sonnet-4-5").rates
    assert [tier.above_input_tokens for tier in rates.tiers] == [200_000]
    assert rates.tiers[0].rates.input > rates.base.input


def test_both_openai_interfaces_cost_the_same() -> None:
    assert listed("openai-responses:gpt-4o") == listed("openai-chat:gpt-4o") == listed("openai:gpt-4o")


@pytest.mark.parametrize(
    "llm",
    [
        "",
        "gpt-4o",
        "openai:",
        ":gpt-4o",
        "openai:no-such-llm",
        "my-openai-proxy:gpt-4o",
        "rehearsal:search",
        "groq:whisper-large-v3",
    ],
)
def test_what_is_not_listed_by_tokens_has_no_price(llm: str) -> None:
    assert listed_price(llm, AT) is None
