"""The operator's price goes before the list's; without either there is no call."""

from datetime import timedelta

import pytest
from django.utils.timezone import now
from pytest_django import DjangoAssertNumQueries

from budgets.models import PriceOverride
from budgets.models.append_only import AppendOnlyError
from budgets.prices import (
    PriceRefused,
    UnknownPrice,
    forget_prices,
    price_for,
    price_of_tool,
    set_price,
    version_after,
    version_at,
    withdraw_price,
)
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


def test_a_known_price_is_kept_for_a_moment(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    put("own:llm", 1)
    price_for("own:llm", AT)
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


def fee(nanos: int, days: int = 0) -> PriceOverride:
    """A fee of the tool "fetch"."""
    rates = Rates.flat(input=0, output=0, per_request=nanos)
    return set_price(llm="tool:fetch", rates=rates, effective_from=AT + timedelta(days=days), created_by="admin")


def test_a_tool_is_free_until_it_has_a_fee() -> None:
    assert price_of_tool("fetch", AT) is None
    override = fee(5_000_000)
    price = price_of_tool("fetch", AT)
    assert price is not None
    assert (price.rates.per_request, price.version) == (5_000_000, f"override {override.pk}")
    assert price_of_tool("other", AT) is None


def test_a_fee_that_has_not_begun_and_one_of_nothing_are_none() -> None:
    fee(5, days=1)
    fee(0, days=2)
    assert price_of_tool("fetch", AT) is None
    assert price_of_tool("fetch", AT + timedelta(days=1)) is not None
    assert price_of_tool("fetch", AT + timedelta(days=2)) is None


def test_that_a_tool_is_free_is_kept_for_a_moment_too(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    price_of_tool("fetch", AT)
    with django_assert_num_queries(0):
        price_of_tool("fetch", AT)


def test_a_version_without_rates_hands_back_to_the_public_list() -> None:
    put("openai:gpt-4o", 7, days=-2)
    put("own:llm", 7, days=-2)
    for llm in ("openai:gpt-4o", "own:llm"):
        set_price(llm=llm, rates=None, effective_from=AT, created_by="admin")
    assert price_for("openai:gpt-4o", AT - timedelta(days=1)).source == "operator"
    assert price_for("openai:gpt-4o", AT).source == "genai-prices"
    with pytest.raises(UnknownPrice):
        price_for("own:llm", AT)


def scheduled(llm: str, nanos: int) -> PriceOverride:
    """A version that begins tomorrow, by the clock."""
    rates = Rates.flat(input=nanos, output=nanos)
    return set_price(llm=llm, rates=rates, effective_from=now() + timedelta(days=1), created_by="admin")


def test_a_withdrawn_version_leaves_the_price_before_it() -> None:
    put("own:llm", 1, days=-400)
    version = scheduled("own:llm", 2)
    restored = withdraw_price(version=version, created_by="admin")
    assert PriceOverride.objects.count() == 3
    assert (restored.effective_from, restored.created_by) == (version.effective_from, "admin")
    assert price_for("own:llm", version.effective_from).rates.base.input == 1


@pytest.mark.parametrize("llm", ["openai:gpt-4o", "own:llm"])
def test_a_withdrawn_first_version_leaves_what_the_list_says(llm: str) -> None:
    version = scheduled(llm, 2)
    withdraw_price(version=version, created_by="admin")
    if llm == "own:llm":
        with pytest.raises(UnknownPrice):
            price_for(llm, version.effective_from)
    else:
        assert price_for(llm, version.effective_from).source == "genai-prices"


def test_a_version_is_not_withdrawn_once_it_has_begun_or_was_replaced() -> None:
    with pytest.raises(PriceRefused, match="has begun"):
        withdraw_price(version=put("own:llm", 1, days=-400), created_by="admin")
    version = scheduled("own:llm", 2)
    withdraw_price(version=version, created_by="admin")
    with pytest.raises(PriceRefused, match="newer version"):
        withdraw_price(version=version, created_by="admin")


def test_versions_know_which_holds_and_which_is_next() -> None:
    first, later, corrected, last = put("own:llm", 1), put("own:llm", 2, 1), put("own:llm", 3, 1), put("own:llm", 4, 2)
    versions = list(PriceOverride.objects.for_llm("own:llm"))
    assert versions == [last, corrected, later, first]
    assert version_at(versions, AT - timedelta(days=1)) is None
    assert version_at(versions, AT) == first
    assert version_after(versions, AT) == corrected
    assert version_after(versions, AT + timedelta(days=1)) == last
    assert version_after(versions, AT + timedelta(days=2)) is None
