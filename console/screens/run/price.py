"""How the cost of one LLM call adds up: tokens of each kind by the rates that its charge was made at."""

from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.models import Run
from budgets.models import Hold
from budgets.pricing import Rates, RatesError, Usage, UsageError


@dataclass(frozen=True, slots=True)
class Part:
    """Tokens of one kind, or one request; the rate is in nano-USD per million tokens, or per request."""

    what: str
    tokens: int | None
    rate_nanos: int
    nanos: int


@dataclass(frozen=True, slots=True)
class Price:
    """The parts in nano-USD, rounded down each; the cost is rounded up once. Held is what was reserved before."""

    parts: list[Part]
    source: str
    version: str
    held_nanos: int
    cost_nanos: int | None


def price_of(run: Run, hold_id: str) -> Price | None:
    """From the hold of the call, which keeps the price; None without one. One query."""
    hold = Hold.objects.of_run(run.pk).filter(pk=hold_id).first() if hold_id else None
    if hold is None or not isinstance(hold.price, dict):
        return None
    price: JsonObject = hold.price
    source, version = str(price.get("source", "")), str(price.get("version", ""))
    return Price(_parts(price.get("rates"), hold.usage), source, version, hold.amount_nanos, hold.settled_nanos)


def _parts(rates: JsonValue, usage: Any) -> list[Part]:
    try:
        return parts_of(Usage(**(usage or {})), Rates.from_json(rates if isinstance(rates, dict) else {}))
    except (RatesError, UsageError, TypeError):
        return []  # an older release may have kept it otherwise; what it came to is known all the same


def parts_of(usage: Usage, rates: Rates) -> list[Part]:
    """The kinds of tokens that there were, each with its rate."""
    at = rates.at(usage.input_tokens)
    fresh = usage.input_tokens - usage.cache_read_tokens - usage.cache_write_tokens
    kinds = (
        ("input", fresh, at.input),
        ("cached input", usage.cache_read_tokens, at.cache_read),
        ("written to the cache", usage.cache_write_tokens, at.cache_write),
        ("output", usage.output_tokens - usage.reasoning_tokens, at.output),
        ("reasoning", usage.reasoning_tokens, at.output if at.reasoning is None else at.reasoning),
    )
    parts = [Part(what, tokens, rate, tokens * rate // 1_000_000) for what, tokens, rate in kinds if tokens]
    return [*parts, Part("the request", None, rates.per_request, rates.per_request)] if rates.per_request else parts
