"""An LLM without a price is not called, and who sets prices learns of it."""

import pytest

from agents.engine.ports import PriceUnknown
from agents.run_ports.prices import CurrentPrices
from budgets.models import UnpricedLLM
from tests.agents.conftest import LLM, Office


def test_a_run_that_meets_an_llm_without_a_price_notes_it_under_its_plain_name(office: Office) -> None:
    prices = CurrentPrices(office.tenant.slug)
    with pytest.raises(PriceUnknown, match="rehearsal:unpriced"):
        prices.price("rehearsal:unpriced+loop")
    noted = UnpricedLLM.objects.get()
    assert (noted.llm, noted.last_tenant, noted.times) == ("rehearsal:unpriced", "acme", 1)


def test_an_llm_with_a_price_is_not_noted(office: Office) -> None:
    assert CurrentPrices(office.tenant.slug).price(f"{LLM}+slow=5").source == "operator"
    assert not UnpricedLLM.objects.exists()
