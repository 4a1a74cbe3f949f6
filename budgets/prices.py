"""Which price holds for an LLM or a tool now: the operator's latest, else the public list's; without one no LLM call.

Versions are never edited: a mistake is mended, and a version that has not begun is withdrawn, by a newer one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from django.db import transaction
from django.utils.timezone import now

from budgets import actions
from budgets.listed_prices import listed_price
from budgets.models import PriceOverride, UnpricedLLM
from budgets.pricing import PriceSnapshot, Rates

KEEP_SECONDS = 5.0
"""How long another process may go on with a price after an operator changed it."""
TOOL = "tool:"
"""What the name of a tool's price begins with."""


class UnknownPrice(LookupError):
    """No price is known for this LLM, so no call may be made until an operator sets one."""

    def __init__(self, llm: str) -> None:
        super().__init__(f"No price is known for {llm}; it can be used once a price is set on the page Prices.")
        self.llm = llm


class PriceRefused(ValueError):
    """A change of prices that cannot be; the message is fit to stand at a form field."""


@dataclass(frozen=True, slots=True)
class _Kept:
    overrides: tuple[tuple[datetime, PriceSnapshot | None], ...]
    listed: PriceSnapshot | None
    until: float

    def at(self, at: datetime) -> PriceSnapshot | None:
        price = next((price for effective_from, price in self.overrides if effective_from <= at), None)
        return price or self.listed


_kept: dict[str, _Kept] = {}


def price_for(llm: str, at: datetime) -> PriceSnapshot:
    """The price of "vendor:name" at an instant; raises `UnknownPrice`.

    Kept in the process for five seconds, except that nothing is known: a price just set must open the door at
    once.
    """
    kept = _fresh(llm, at)
    price = kept.at(at)
    if price is None:
        raise UnknownPrice(llm)
    _kept[llm] = kept
    return price


def price_of_tool(tool: str, at: datetime) -> PriceSnapshot | None:
    """The fee of a tool at an instant, of which only `rates.per_request` counts; None: it is free.

    Kept for five seconds like an LLM's, and so is that there is none: most tools are free, and each call asks.
    """
    name = TOOL + tool
    _kept[name] = kept = _fresh(name, at)
    price = kept.at(at)
    return price if price is not None and price.rates.per_request else None


def set_price(
    *,
    llm: str,
    rates: Rates | None,
    effective_from: datetime,
    created_by: str,
    source: str = "operator",
    note: str = "",
) -> PriceOverride:
    """Writes a new version of a price, for calls from `effective_from` on; earlier ones stay.

    With None for rates the public list holds again from then on, and where it has no price, none does.
    """
    with transaction.atomic():
        override = PriceOverride.objects.create(
            llm=llm,
            rates=rates.as_json() if rates else {},
            effective_from=effective_from,
            created_by=created_by,
            source=source,
            note=note,
        )
        actions.note(
            actor=created_by,
            verb="price.set",
            target=f"price of {llm}",
            reason=note,
            after={"rates": override.rates, "effective_from": effective_from.isoformat(), "source": source},
        )
        if effective_from <= now():
            UnpricedLLM.objects.filter(llm=llm).delete()
    forget_prices()
    return override


def withdraw_price(*, version: PriceOverride, created_by: str) -> PriceOverride:
    """Takes back a version that has not begun, by a newer one that restores what holds before it.

    Raises `PriceRefused` when it has begun, or when a newer version stands in its place already.
    """
    if version.effective_from <= now():
        raise PriceRefused("This version has begun: set a new price instead.")
    versions = list(PriceOverride.objects.for_llm(version.llm))
    if version_at(versions, version.effective_from) != version:
        raise PriceRefused("A newer version stands in its place already.")
    before = next((each for each in versions if each.effective_from < version.effective_from), None)
    return set_price(
        llm=version.llm,
        rates=before.to_rates() if before else None,
        effective_from=version.effective_from,
        created_by=created_by,
        source=before.source if before else "operator",
        note=f"Withdraws version {version.pk}.",
    )


def version_at(versions: Sequence[PriceOverride], at: datetime) -> PriceOverride | None:
    """Of one LLM's versions, as `for_llm` orders them, the one that holds at an instant; None before all of them."""
    return next((version for version in versions if version.effective_from <= at), None)


def version_after(versions: Sequence[PriceOverride], at: datetime) -> PriceOverride | None:
    """Of one LLM's versions, as `for_llm` orders them, the one that takes over next; None when none is scheduled."""
    later = [version.effective_from for version in versions if version.effective_from > at]
    return version_at(versions, min(later)) if later else None


def forget_prices() -> None:
    """Drops what this process kept, so that the next question reads the rows."""
    _kept.clear()


def _fresh(llm: str, at: datetime) -> _Kept:
    kept = _kept.get(llm)
    return kept if kept is not None and kept.until >= monotonic() else _look_up(llm, at)


def _look_up(llm: str, at: datetime) -> _Kept:
    versions = PriceOverride.objects.for_llm(llm)
    return _Kept(
        overrides=tuple((version.effective_from, version.to_snapshot()) for version in versions),
        listed=listed_price(llm, at),
        until=monotonic() + KEEP_SECONDS,
    )
