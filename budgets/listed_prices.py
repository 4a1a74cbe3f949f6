"""The public price list: genai-prices' own data, read offline, as exact integer rates.

A module of its own because the import costs 130 ms and 16 MB; whoever only multiplies imports
`budgets.pricing`.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import ROUND_CEILING, Decimal

import genai_prices
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ModelPrice, TieredPrices

from budgets.money import NANOS_PER_USD
from budgets.pricing import LongContextTier, PriceSnapshot, Rates, RatesError, TokenRates

SOURCE = "genai-prices"
REQUESTS_PER_LISTED_FEE = 1000

_VENDOR_ALIASES = {"openai-chat": "openai", "openai-responses": "openai"}

ListedPrice = Decimal | TieredPrices | None


def listed_price(llm: str, at: datetime | None = None) -> PriceSnapshot | None:
    """The list price of an LLM such as "openai:gpt-4o" at an instant (default: now), or None.

    None also when the list does not price it by input and output tokens: half a price is no price. The vendor
    must be one of the list's own names; its fuzzy matching would price somebody's proxy like the real vendor.
    """
    vendor, _, name = llm.partition(":")
    vendor = _VENDOR_ALIASES.get(vendor, vendor)
    snapshot = get_snapshot()
    if not name or all(provider.id != vendor for provider in snapshot.providers):
        return None
    try:
        _, model = snapshot.find_provider_model(name, None, vendor, None)
        rates = _rates(model.get_prices(at or datetime.now(tz=UTC)))
    except (LookupError, RatesError):
        return None
    if rates is None:
        return None
    return PriceSnapshot(rates=rates, source=SOURCE, version=genai_prices.__version__)


def _rates(price: ModelPrice) -> Rates | None:
    if price.input_mtok is None or price.output_mtok is None:
        return None
    per_request = _at_length(price.requests_kcount, 0)
    return Rates(
        base=_token_rates(price, 0),
        per_request=_nanos((per_request or Decimal(0)) / REQUESTS_PER_LISTED_FEE),
        tiers=tuple(
            LongContextTier(above_input_tokens=start, rates=_token_rates(price, start + 1))
            for start in _tier_starts(price)
        ),
    )


def _token_rates(price: ModelPrice, input_tokens: int) -> TokenRates:
    """The rates for a prompt of this length; cached tokens without a price cost what plain input does."""

    def nanos(listed: ListedPrice) -> int | None:
        found = _at_length(listed, input_tokens)
        return None if found is None else _nanos(found)

    input_nanos = nanos(price.input_mtok) or 0
    cache_read, cache_write = nanos(price.cache_read_mtok), nanos(price.cache_write_mtok)
    return TokenRates(
        input=input_nanos,
        output=nanos(price.output_mtok) or 0,
        cache_read=input_nanos if cache_read is None else cache_read,
        cache_write=input_nanos if cache_write is None else cache_write,
        reasoning=nanos(price.output_reasoning_mtok),
    )


def _tier_starts(price: ModelPrice) -> list[int]:
    listed = _token_prices(price)
    return sorted({tier.start for found in listed if isinstance(found, TieredPrices) for tier in found.tiers})


def _token_prices(price: ModelPrice) -> Iterable[ListedPrice]:
    return (
        price.input_mtok,
        price.output_mtok,
        price.cache_read_mtok,
        price.cache_write_mtok,
        price.output_reasoning_mtok,
    )


def _at_length(listed: ListedPrice, input_tokens: int) -> Decimal | None:
    if not isinstance(listed, TieredPrices):
        return listed
    reached = [tier.price for tier in listed.tiers if input_tokens > tier.start]
    return reached[-1] if reached else listed.base


def _nanos(usd: Decimal) -> int:
    """Exact up to nine decimals; the list's few rounding residues go up, by a nano at most."""
    return int((usd * NANOS_PER_USD).to_integral_value(rounding=ROUND_CEILING))
