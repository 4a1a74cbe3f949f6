"""Which price holds for an LLM now: the operator's latest, else the public list's, else none and no call."""

from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from budgets.listed_prices import listed_price
from budgets.models import PriceOverride
from budgets.pricing import PriceSnapshot, Rates

KEEP_SECONDS = 5.0
"""How long another process may go on with a price after an operator changed it."""


class UnknownPrice(LookupError):
    """No price is known for this LLM, so no call may be made until an operator sets one."""

    def __init__(self, llm: str) -> None:
        super().__init__(f"No price is known for {llm}; set one before it is used.")
        self.llm = llm


@dataclass(frozen=True, slots=True)
class _Kept:
    overrides: tuple[tuple[datetime, PriceSnapshot], ...]
    listed: PriceSnapshot | None
    until: float

    def at(self, at: datetime) -> PriceSnapshot | None:
        return next((price for effective_from, price in self.overrides if effective_from <= at), self.listed)


_kept: dict[str, _Kept] = {}


def price_for(llm: str, at: datetime) -> PriceSnapshot:
    """The price of "vendor:name" at an instant; raises `UnknownPrice`.

    Kept in the process for five seconds, except that nothing is known: a price just set must open the door at
    once.
    """
    kept = _kept.get(llm)
    if kept is None or kept.until < monotonic():
        kept = _look_up(llm, at)
    price = kept.at(at)
    if price is None:
        raise UnknownPrice(llm)
    _kept[llm] = kept
    return price


def set_price(
    *,
    llm: str,
    rates: Rates,
    effective_from: datetime,
    created_by: str,
    source: str = "operator",
    note: str = "",
) -> PriceOverride:
    """Writes a new version of an LLM's price, for calls from `effective_from` on; earlier ones stay."""
    override = PriceOverride.objects.create(
        llm=llm,
        rates=rates.as_json(),
        effective_from=effective_from,
        created_by=created_by,
        source=source,
        note=note,
    )
    forget_prices()
    return override


def forget_prices() -> None:
    """Drops what this process kept, so that the next question reads the rows."""
    _kept.clear()


def _look_up(llm: str, at: datetime) -> _Kept:
    versions = PriceOverride.objects.for_llm(llm)
    return _Kept(
        overrides=tuple((version.effective_from, version.to_snapshot()) for version in versions),
        listed=listed_price(llm, at),
        until=monotonic() + KEEP_SECONDS,
    )
