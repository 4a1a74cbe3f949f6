"""The tables of prices: what holds, what has no price, tools with their fees, and the versions of one price."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import django_tables2 as tables
from django.urls import reverse

from budgets.models import PriceOverride
from budgets.prices import version_at
from budgets.pricing import Rates, TokenRates
from console.live.figures import usd
from console.screens import cells
from console.screens.grid import Grid
from console.screens.prices.selectors import Priced

RateOf = Callable[[Rates], int]
VERBS = cells.VERBS
LOOKS = {
    "holds now": ("ok", "ok"),
    "scheduled": ("run", "waiting"),
    "ended": ("dim", "stopped"),
    "replaced": ("dim", "refused"),
}


def _cell(name: str, header: str, *, td: dict[str, str] | None = None) -> tables.Column:
    """A column drawn by ``prices/cells/<name>.html``."""
    return cells.cell(f"prices/cells/{name}", header, td)


class RateColumn(cells.Drawn):
    """One rate in USD; dim where it is not a rate of its own but that of plain input or output."""

    def __init__(self, header: str, rate: RateOf, like: RateOf | None = None) -> None:
        self._rate = rate
        self._like = like
        attrs = {
            "td": {"class": self._tone, "data-label": header.lower()},
            "th": {"class": "num"},
        }
        super().__init__(verbose_name=header, orderable=False, attrs=attrs)

    def drawn(self, record: "Priced | VersionRow", table: tables.Table) -> str:  # noqa: ARG002 - as all columns
        """The rate that holds for short prompts; a dash for nothing, and nothing where there are no rates."""
        return usd(self._rate(record.rates) or None) if record.rates else ""

    def _tone(self, record: "Priced | VersionRow") -> str:
        rates = record.rates
        same = rates is not None and self._like is not None and self._rate(rates) == self._like(rates)
        return "num dim" if same else "num"


def _base(rate: Callable[[TokenRates], int]) -> RateOf:
    return lambda rates: rate(rates.base)


def _reasoning(rates: Rates) -> int:
    return rates.base.output if rates.base.reasoning is None else rates.base.reasoning


def _input() -> RateColumn:
    return RateColumn("Input", _base(lambda base: base.input))


def _output() -> RateColumn:
    return RateColumn("Output", _base(lambda base: base.output))


def _cache_read() -> RateColumn:
    return RateColumn("Cache read", _base(lambda base: base.cache_read), _base(lambda base: base.input))


def _cache_write() -> RateColumn:
    return RateColumn("Cache write", _base(lambda base: base.cache_write), _base(lambda base: base.input))


def _reasoning_column() -> RateColumn:
    return RateColumn("Reasoning", _reasoning, _base(lambda base: base.output))


def _request(header: str = "Per request") -> RateColumn:
    return RateColumn(header, lambda rates: rates.per_request, lambda _rates: 0)


class _Table(Grid):
    """Rows in the order they are given in, opened by Enter."""

    look = "prices-grid"

    def address_of(self, record: Priced) -> str:
        return reverse("prices:list", args=[self.tenant_slug], query={"llm": record.name})


class PricesTable(_Table):
    """LLMs that have a price."""

    caption = "LLMs with a price, in USD per million tokens"

    llm = _cell("name", "LLM", td={"data-phone": "wide"})
    input = _input()
    output = _output()
    cache_read = _cache_read()
    cache_write = _cache_write()
    reasoning = _reasoning_column()
    per_request = _request()
    long_context = _cell("long_context", "Long context", td={"data-phone": "wide"})
    source = _cell("source", "Source, version")
    since = _cell("since", "From", td={"class": "num", "data-phone": "hide"})
    upcoming = _cell("upcoming", "Next")
    spend = _cell("spend", "Spent, 7 days", td={"class": "num", "data-label": "7 days"})


class UnpricedTable(_Table):
    """LLMs that cannot be called."""

    caption = "LLMs without a price"
    severity_of = 3

    llm = _cell("name", "LLM")
    status = _cell("no_price", "Price")
    used_by = _cell("used_by", "Used by", td={"class": "clip"})
    seen = _cell("seen", "Asked for")
    verbs = _cell("set", VERBS, td={"class": "num", "data-phone": "end"})


class ToolsTable(_Table):
    """Tools that have a fee, or will have."""

    caption = "Tools and their fees"

    tool = _cell("name", "Tool")
    per_request = _request("Each attempt")
    used_by = _cell("used_by", "Used by", td={"class": "clip"})
    source = _cell("source", "Source, version")
    since = _cell("since", "From", td={"class": "num"})
    upcoming = _cell("upcoming", "Next")
    spend = _cell("spend", "Spent, 7 days", td={"class": "num", "data-label": "7 days"})


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version of a price, with where it stands at this moment."""

    version: PriceOverride
    standing: str

    @property
    def tone(self) -> str:
        """The tone of the word."""
        return LOOKS[self.standing][0]

    @property
    def glyph(self) -> str:
        """The glyph beside the word."""
        return LOOKS[self.standing][1]

    @property
    def rates(self) -> Rates | None:
        """Its rates; None where it hands back to the public list."""
        return self.version.to_rates()

    @property
    def may_be_withdrawn(self) -> bool:
        """Whether it has not begun and nothing stands in its place."""
        return self.standing == "scheduled"


def version_rows(versions: Sequence[PriceOverride], at: datetime) -> list[VersionRow]:
    """The versions of one price, as `for_llm` orders them, each with a word for where it stands."""
    return [VersionRow(version, _standing(version, versions, at)) for version in versions]


def _standing(version: PriceOverride, versions: Sequence[PriceOverride], at: datetime) -> str:
    if version == version_at(versions, at):
        return "holds now"
    if version != version_at(versions, version.effective_from):
        return "replaced"
    return "scheduled" if version.effective_from > at else "ended"


class _VersionsTable(Grid):
    """Versions, the one that begins last first."""

    caption = "All versions of this price"
    look = "prices-grid"


class LLMVersionsTable(_VersionsTable):
    """Versions of an LLM's price."""

    standing = _cell("standing", "Version")
    begins = _cell("begins", "From", td={"class": "num", "data-phone": "end"})
    input = _input()
    output = _output()
    cache_read = _cache_read()
    cache_write = _cache_write()
    reasoning = _reasoning_column()
    per_request = _request()
    long_context = _cell("long_context", "Long context", td={"data-phone": "wide"})
    set_by = _cell("set_by", "Set by")
    note = _cell("note", "Note", td={"data-phone": "wide"})
    verbs = _cell("withdraw", VERBS, td={"class": "num", "data-phone": "end"})


class FeeVersionsTable(_VersionsTable):
    """Versions of a tool's fee."""

    standing = _cell("standing", "Version")
    begins = _cell("begins", "From", td={"class": "num", "data-phone": "end"})
    per_request = _request("Each attempt")
    set_by = _cell("set_by", "Set by")
    note = _cell("note", "Note", td={"data-phone": "wide"})
    verbs = _cell("withdraw", VERBS, td={"class": "num", "data-phone": "end"})
