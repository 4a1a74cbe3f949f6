"""The sections of a file as people write them; unknown keys are errors."""

from abc import abstractmethod
from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue

from agents.config.content import OPERATOR, Price
from agents.config.llm_names import TOOL_PREFIX
from agents.config.scalars import (
    Amount,
    Instant,
    Name,
    Note,
    Priced,
    Rate,
    Slug,
    SourceName,
    User,
    Whole,
    Word,
    Yes,
    Zone,
)
from budgets.pricing import LongContextTier, Rates, TokenRates


class Entry(BaseModel):
    """Base of what stands in a file."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TenantEntry(Entry):
    """A tenant."""

    name: Name
    timezone: Zone


class SurfaceEntry(Entry):
    """A surface."""

    name: Name


SETTINGS = {
    "run": "run_nanos",
    "session": "session_nanos",
    "user_day": "user_day_nanos",
    "surface_day": "surface_day_nanos",
    "tenant_day": "tenant_day_nanos",
    "tenant_month": "tenant_month_nanos",
    "turns": "max_turns",
    "seconds": "max_seconds",
    "parallel_runs": "parallel_runs",
    "launches_per_minute": "launches_per_minute",
    "allowed_llms": "allowed_llms",
    "cheaper_llm": "cheaper_llm",
    "at_cap": "at_cap",
    "thresholds": "thresholds",
}
"""A tier's settings: their names in a file, and in the tiers."""


class TierEntry(Entry):
    """A tier's settings, amounts in USD; what is not written is inherited."""

    run: Amount = None
    session: Amount = None
    user_day: Amount = None
    surface_day: Amount = None
    tenant_day: Amount = None
    tenant_month: Amount = None
    turns: Whole = 0
    seconds: Whole = 0
    parallel_runs: Whole = 0
    launches_per_minute: Whole = 0
    allowed_llms: tuple[Word, ...] = ()
    cheaper_llm: Word = ""
    at_cap: Word = ""
    thresholds: tuple[Whole, ...] = ()

    def written(self) -> dict[str, JsonValue]:
        """What the file sets, under the file's names; amounts in nano-USD."""
        return {name: getattr(self, name) for name in SETTINGS if name in self.model_fields_set}


class PlaceEntry(TierEntry):
    """The tier of a tenant or a surface, and those of single users there."""

    users: dict[User, TierEntry] = {}


class RatesEntry(Entry):
    """USD per million tokens; what the vendor's cache does costs what plain input does, unless it is said."""

    input: Rate
    output: Rate
    cache_read: Rate | None = None
    cache_write: Rate | None = None
    reasoning: Rate | None = None

    def rates(self) -> TokenRates:
        """Nano-USD per million tokens."""
        return TokenRates(
            input=self.input,
            output=self.output,
            cache_read=self.input if self.cache_read is None else self.cache_read,
            cache_write=self.input if self.cache_write is None else self.cache_write,
            reasoning=self.reasoning,
        )


class LongContextEntry(RatesEntry):
    """Rates for prompts that are longer than this."""

    above_input_tokens: Whole


class VersionEntry(Entry):
    """One version of a price, from some instant on."""

    effective_from: Instant
    source: SourceName = OPERATOR
    note: Note = ""

    @abstractmethod
    def rates_of(self) -> Rates | None:
        """None where the public list holds again. Raises `RatesError` where the parts do not fit together."""

    def price(self) -> Price:
        """Raises `RatesError`."""
        return Price(self.rates_of(), self.source, self.note)


class PriceEntry(RatesEntry, VersionEntry):
    """What an LLM costs."""

    per_request: Rate = 0
    long_context: tuple[LongContextEntry, ...] = ()

    def rates_of(self) -> Rates:
        tiers = tuple(LongContextTier(each.above_input_tokens, each.rates()) for each in self.long_context)
        return Rates(base=self.rates(), per_request=self.per_request, tiers=tiers)


class FeeEntry(VersionEntry):
    """What each call of a tool costs."""

    per_request: Rate

    def rates_of(self) -> Rates:
        return Rates.flat(input=0, output=0, per_request=self.per_request)


class ListedEntry(VersionEntry):
    """The public list holds again."""

    listed: Yes

    def rates_of(self) -> None:
        return None


Tenants = dict[Slug, TenantEntry]
Surfaces = dict[Slug, dict[Slug, SurfaceEntry]]
Tiers = dict[Slug, dict[Word, PlaceEntry]]
Prices = dict[Priced, tuple[Any, ...]]


def version_shape(name: str, tree: object) -> type[VersionEntry]:
    """What a version of the price of this LLM or tool has to look like."""
    if isinstance(tree, dict) and "listed" in tree:
        return ListedEntry
    return FeeEntry if name.startswith(TOOL_PREFIX) else PriceEntry
