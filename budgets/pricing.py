"""What a call costs: token usage times rates, in integer nano-USD, and the most that it may cost."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

TOKENS_PER_RATE = 10**6
MAX_TOKENS = 10**9
"""More tokens than any call can have; a vendor that reports more is not believed."""
MAX_RATE_NANOS = 10**15
"""One million USD per million tokens: beyond it a price is a typing error, and sums could leave a BIGINT."""


class UsageError(ValueError):
    """A token usage that cannot be: not integers, negative, huge, or parts larger than their whole."""


class RatesError(ValueError):
    """Rates that cannot be: not integers, negative or huge."""


def _require_int(name: str, value: object, most: int, error: type[ValueError]) -> None:
    # bool is an int to isinstance, and neither a token count nor a price.
    if type(value) is not int or not 0 <= value <= most:
        raise error(f"{name} must be a whole number from 0 to {most}, not {str(value)[:40]!r}")


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call. `input_tokens` includes the cached ones, `output_tokens` includes reasoning."""

    input_tokens: int
    output_tokens: int
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0

    def __post_init__(self) -> None:
        for name, value in self.as_json().items():
            _require_int(name, value, MAX_TOKENS, UsageError)
        if self.cache_read_tokens + self.cache_write_tokens > self.input_tokens:
            raise UsageError("more cached tokens than input tokens")
        if self.reasoning_tokens > self.output_tokens:
            raise UsageError("more reasoning tokens than output tokens")

    def as_json(self) -> dict[str, int]:
        """The normalised usage as it is stored with a hold."""
        return {
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "cache_read_tokens": self.cache_read_tokens,
            "cache_write_tokens": self.cache_write_tokens,
            "reasoning_tokens": self.reasoning_tokens,
        }


@dataclass(frozen=True, slots=True)
class TokenRates:
    """Nano-USD per million tokens of each kind. `reasoning` is None where it costs what output costs."""

    input: int
    output: int
    cache_read: int
    cache_write: int
    reasoning: int | None = None

    def __post_init__(self) -> None:
        for name in ("input", "output", "cache_read", "cache_write", "reasoning"):
            value = getattr(self, name)
            if name != "reasoning" or value is not None:
                _require_int(name, value, MAX_RATE_NANOS, RatesError)

    @property
    def dearest_input(self) -> int:
        """The most that one million input tokens may cost, however the vendor's cache treats them."""
        return max(self.input, self.cache_read, self.cache_write)

    @property
    def dearest_output(self) -> int:
        """The most that one million output tokens may cost."""
        return self.output if self.reasoning is None else max(self.output, self.reasoning)


@dataclass(frozen=True, slots=True)
class LongContextTier:
    """Rates that replace the base rates, for all tokens, where the input is longer than this."""

    above_input_tokens: int
    rates: TokenRates

    def __post_init__(self) -> None:
        _require_int("above_input_tokens", self.above_input_tokens, MAX_TOKENS, RatesError)


@dataclass(frozen=True, slots=True)
class Rates:
    """The whole price of an LLM: base rates, nano-USD per request, and long-context tiers, lowest first."""

    base: TokenRates
    per_request: int = 0
    tiers: tuple[LongContextTier, ...] = ()

    def __post_init__(self) -> None:
        _require_int("per_request", self.per_request, MAX_RATE_NANOS, RatesError)
        starts = [tier.above_input_tokens for tier in self.tiers]
        if starts != sorted(set(starts)):
            raise RatesError("long-context tiers must start at different lengths, lowest first")

    @classmethod
    def flat(cls, *, input: int, output: int, per_request: int = 0) -> Self:
        """Rates without a cache discount or tiers; nano-USD per million tokens."""
        base = TokenRates(input=input, output=output, cache_read=input, cache_write=input)
        return cls(base=base, per_request=per_request)

    def at(self, input_tokens: int) -> TokenRates:
        """The token rates that hold for a prompt of this length."""
        rates = self.base
        for tier in self.tiers:
            if input_tokens > tier.above_input_tokens:
                rates = tier.rates
        return rates

    def as_json(self) -> dict[str, object]:
        """Plain integers, as stored with prices and holds; `from_json` reads it back."""
        tiers = [{"above_input_tokens": tier.above_input_tokens, **_plain(tier.rates)} for tier in self.tiers]
        return {**_plain(self.base), "per_request": self.per_request, "tiers": tiers}

    @classmethod
    def from_json(cls, stored: Mapping[str, object]) -> Self:
        """Rates as `as_json` wrote them; anything else raises `RatesError`."""
        tiers = stored.get("tiers", [])
        per_request = stored.get("per_request", 0)
        if not isinstance(tiers, list) or not isinstance(per_request, int):
            raise RatesError("tiers must be a list and per_request a whole number")
        return cls(base=_token_rates(stored), per_request=per_request, tiers=tuple(_tier(tier) for tier in tiers))


@dataclass(frozen=True, slots=True)
class PriceSnapshot:
    """The price that a charge was made at, with where it came from; stored beside every charge."""

    rates: Rates
    source: str
    version: str

    def as_json(self) -> dict[str, object]:
        """What a hold keeps of its price."""
        return {"rates": self.rates.as_json(), "source": self.source, "version": self.version}


def cost_nanos(usage: Usage, rates: Rates) -> int:
    """What a call costs in nano-USD, rounded up to the next nano once, at the end."""
    at = rates.at(usage.input_tokens)
    fresh_tokens = usage.input_tokens - usage.cache_read_tokens - usage.cache_write_tokens
    reasoning = at.output if at.reasoning is None else at.reasoning
    product = (
        fresh_tokens * at.input
        + usage.cache_read_tokens * at.cache_read
        + usage.cache_write_tokens * at.cache_write
        + (usage.output_tokens - usage.reasoning_tokens) * at.output
        + usage.reasoning_tokens * reasoning
    )
    return rates.per_request + _ceil_per_million(product)


def worst_case_nanos(input_tokens: int, max_output_tokens: int, rates: Rates) -> int:
    """The most that a call of at most these tokens may cost, in nano-USD: the dearest of all reachable rates.

    For every usage within both numbers `cost_nanos` is no larger, also where a longer prompt is the cheaper
    one.
    """
    Usage(input_tokens, max_output_tokens)
    reachable = [rates.base, *(t.rates for t in rates.tiers if input_tokens > t.above_input_tokens)]
    dearest_input = max(at.dearest_input for at in reachable)
    dearest_output = max(at.dearest_output for at in reachable)
    return rates.per_request + _ceil_per_million(input_tokens * dearest_input + max_output_tokens * dearest_output)


def affordable_output_tokens(left_nanos: int, input_tokens: int, rates: Rates) -> int | None:
    """How many output tokens fit into `left_nanos` at worst; None when the prompt alone does not fit.

    For the rule that a call which does not fit with full output may go with a smaller `max_tokens`.
    """
    prompt_nanos = worst_case_nanos(input_tokens, 0, rates)
    if prompt_nanos > left_nanos:
        return None
    low, high = 0, MAX_TOKENS
    while low < high:
        middle = (low + high + 1) // 2
        fits = worst_case_nanos(input_tokens, middle, rates) <= left_nanos
        low, high = (middle, high) if fits else (low, middle - 1)
    return low


def _ceil_per_million(product: int) -> int:
    return -(-product // TOKENS_PER_RATE)


def _plain(rates: TokenRates) -> dict[str, object]:
    values = {field.name: getattr(rates, field.name) for field in fields(rates)}
    return {name: value for name, value in values.items() if value is not None}


def _token_rates(stored: Mapping[str, object]) -> TokenRates:
    found = {field.name: stored[field.name] for field in fields(TokenRates) if field.name in stored}
    for name, value in found.items():
        _require_int(name, value, MAX_RATE_NANOS, RatesError)
    numbers = {name: value for name, value in found.items() if isinstance(value, int)}
    if not {"input", "output"} <= numbers.keys():
        raise RatesError("rates need at least input and output")
    return TokenRates(**{"cache_read": numbers["input"], "cache_write": numbers["input"], **numbers})


def _tier(stored: object) -> LongContextTier:
    if not isinstance(stored, Mapping):
        raise RatesError("a long-context tier must be an object")
    above = stored.get("above_input_tokens")
    if not isinstance(above, int):
        raise RatesError("a long-context tier needs above_input_tokens")
    return LongContextTier(above_input_tokens=above, rates=_token_rates(stored))
