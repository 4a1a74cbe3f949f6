"""The operator's price goes before the list's; without either there is no call."""

from datetime import timedelta

import pytest

from budgets.models import PriceOverride
from budgets.models.append_only import AppendOnlyError
from budgets.prices import UnknownPrice, forget_prices, price_for, set_price
from budgets.pricing import Rates
from tests.budgets.conftest import AT

pytestmark = pytest.mark.django_db


def put(llm: str, nanos: int, days: int = 0) -> PriceOverride:
    """A price that holds from some days after noon on."""
    rates = Rates.flat(input=nanos, output=nanos)
    return set_price(llm=llm, rates=rates, effective_from=AT + timedelta(days=days), created_by="acme_admin")


def test_a_listed_llm_has_the_lists_price() -> None:
    assert price_for("openai:gpt-4o", AT).source == "genai-prices"


def test_an_operators_price_goes_first() -> None:
    override = put("openai:gpt-4o", 7)
    price = price_for("openai:gpt-4o", AT)
    assert (price.rates.base.input, price.source, price.version) == (7, "operator", f"override {override.pk}")


def test_the_latest_price_that_holds_already_is_taken() -> None:
    for nanos, days in ((1, -2), (2, -1), (3, 1)):
        put("own:llm", nanos, days)
    assert price_for("own:llm", AT).rates.base.input == 2
    assert price_for("own:llm", AT - timedelta(days=1, seconds=1)).rates.base.input == 1
    assert price_for("own:llm", AT + timedelta(days=1)).rates.base.input == 3


def test_a_correction_with_the_same_date_wins() -> None:
    put("own:llm", 1)
    put("own:llm", 2)
    assert price_for("own:llm", AT).rates.base.input == 2


def test_an_unknown_price_is_refused_until_one_is_set() -> None:
    with pytest.raises(UnknownPrice, match="own:llm"):
        price_for("own:llm", AT)
    put("own:llm", 1)
    assert price_for("own:llm", AT).rates.base.input == 1


def test_a_price_that_does_not_hold_yet_is_none() -> None:
    put("own:llm", 1, days=1)
    with pytest.raises(UnknownPrice):
        price_for("own:llm", AT)


def test_a_known_price_is_kept_for_a_moment(django_assert_num_queries: object) -> None:
    put("own:llm", 1)
    price_for("own:llm", AT)
    assert callable(django_assert_num_queries)
    with django_assert_num_queries(0):
        price_for("own:llm", AT)
    forget_prices()
    with django_assert_num_queries(1):
        price_for("own:llm", AT)


def test_a_version_is_never_edited_or_deleted() -> None:
    override = put("own:llm", 1)
    override.note = "changed"
    with pytest.raises(AppendOnlyError):
        override.save()
    with pytest.raises(AppendOnlyError):
        override.delete()
    with pytest.raises(AppendOnlyError):
        PriceOverride.objects.all().update(note="changed")
    with pytest.raises(AppendOnlyError):
        PriceOverride.objects.all().delete()
