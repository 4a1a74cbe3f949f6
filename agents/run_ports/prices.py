"""The engine's Prices on the price list."""

from agents.contracts.llms import priced_name
from agents.engine.ports import PriceUnknown
from budgets import clock
from budgets.prices import UnknownPrice, price_for, price_of_tool
from budgets.pricing import PriceSnapshot
from budgets.unpriced import note_unpriced


class CurrentPrices:
    """The engine's Prices; what has none is noted for whoever sets prices."""

    def __init__(self, tenant_slug: str) -> None:
        self._tenant_slug = tenant_slug

    def price(self, llm: str) -> PriceSnapshot:
        try:
            return price_for(priced_name(llm), clock.now())
        except UnknownPrice as unknown:
            note_unpriced(unknown.llm, self._tenant_slug)
            raise PriceUnknown(str(unknown)) from unknown

    def tool_fee(self, name: str) -> PriceSnapshot | None:
        return price_of_tool(name, clock.now())
