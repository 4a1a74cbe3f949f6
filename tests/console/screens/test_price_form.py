"""A new price: what is refused at its field, what is written, and what it would have meant."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from agents.contracts.ids import first_run_id
from budgets.models import PriceOverride, Tenant, UnpricedLLM
from budgets.prices import forget_prices, price_for, set_price
from budgets.pricing import Rates, Usage
from budgets.recost import recost
from budgets.unpriced import note_unpriced
from console.screens.prices.preview import percent, signed_usd
from tests.console.conftest import MakeRun, SignedIn
from tests.console.screens.test_prices import ADDRESS, LLM, USD, charged, price

pytestmark = pytest.mark.usefixtures("acme", "agent")

NEW = f"{ADDRESS}new/"
PREVIEW = f"{NEW}preview/"
TYPED: dict[str, Any] = {"llm": "compatible:own", "input": "2", "output": "8.50"}
MILLION = Usage(1_000_000, 0)


@pytest.fixture(autouse=True)
def _fresh_prices() -> None:
    forget_prices()


@pytest.fixture
def admin(signed_in: SignedIn) -> Client:
    return signed_in("admin")


def problems(client: Client, **typed: str) -> dict[str, list[str]]:
    """What a refused form says, by field."""
    response = client.post(NEW, {**TYPED, **typed})
    assert response.status_code == 422
    assert not PriceOverride.objects.for_llm("compatible:own").exists()
    assert response.context is not None
    form = response.context["form"]
    rows = {f"tier-{n}-{name}": text for n, row in enumerate(form.tiers) for name, text in row.errors.items()}
    return {**form.errors, **rows}


@pytest.mark.parametrize("field", ["input", "output", "cache_read", "cache_write", "reasoning", "per_request"])
@pytest.mark.parametrize(
    "text", ["-1", "NaN", "1e400", "1,50", "0x10", "inf", "1000001", "1.0000000001", "two", "1 000"]
)
def test_a_rate_that_is_no_amount_is_refused_at_its_field(admin: Client, field: str, text: str) -> None:
    assert list(problems(admin, **{field: text})) == [field]


@pytest.mark.parametrize("field", ["llm", "input", "output"])
def test_what_is_needed_is_asked_for(admin: Client, field: str) -> None:
    assert field in problems(admin, **{field: " "})


@pytest.mark.parametrize("llm", ["nonsense", "nobody:has-this", "compatible:", "compatible:a\tb", "c" * 201])
def test_a_name_that_no_vendor_serves_is_refused(admin: Client, llm: str) -> None:
    assert list(problems(admin, llm=llm)) == ["llm"]


@pytest.mark.parametrize("moment", ["soon", "2026-13-01", "12/01/2026", "1999-12-31", "2999-01-01", "0001-01-01 00:00"])
def test_a_time_that_cannot_be_meant_is_refused(admin: Client, moment: str) -> None:
    assert list(problems(admin, effective_from=moment)) == ["effective_from"]


def test_a_row_of_the_long_context_is_whole_or_empty(admin: Client) -> None:
    found = problems(admin, **{"tier-0-above": "200000", "tier-1-input": "1", "tier-2-above": "many"})
    assert {"tier-0-input", "tier-0-output", "tier-1-above", "tier-1-output", "tier-2-above"} <= found.keys()
    assert "__all__" in found


def test_two_rows_do_not_begin_at_the_same_length(admin: Client) -> None:
    rows = {f"tier-{n}-{name}": "5" for n in (0, 3) for name in ("above", "input", "output")}
    assert "tier-3-above" in problems(admin, **rows)


def test_a_version_that_would_never_hold_is_refused(admin: Client) -> None:
    price("compatible:other", days=-2)
    early = f"{timezone.now() - timedelta(days=3):%Y-%m-%d %H:%M}"
    response = admin.post(NEW, {**TYPED, "llm": "compatible:other", "effective_from": early})
    assert response.status_code == 422
    assert "choose a time from then on" in response.content.decode()


def test_a_whole_price_is_written_as_a_new_version(admin: Client) -> None:
    note_unpriced("compatible:own", "acme")
    rows = {
        "tier-0-above": "400000", "tier-0-input": "4", "tier-0-output": "9",
        "tier-2-above": "200000", "tier-2-input": "3", "tier-2-output": "9", "tier-2-cache_read": "0.3",
    }  # fmt: skip
    typed = {**TYPED, "cache_read": "$0.20", "reasoning": "9", "per_request": "0.0005", "note": "Ours.", **rows}
    response = admin.post(NEW, typed)
    assert response["Location"] == f"{ADDRESS}?llm=compatible%3Aown"
    version = PriceOverride.objects.get(llm="compatible:own")
    assert (version.source, version.created_by, version.note) == ("operator", "admin", "Ours.")
    rates = version.to_rates()
    assert rates is not None
    assert (rates.base.input, rates.base.output, rates.per_request) == (2 * USD, 8_500_000_000, 500_000)
    assert (rates.base.cache_read, rates.base.cache_write, rates.base.reasoning) == (USD // 5, 2 * USD, 9 * USD)
    assert [(tier.above_input_tokens, tier.rates.cache_read) for tier in rates.tiers] == [
        (200_000, 300_000_000),
        (400_000, 4 * USD),
    ]
    assert price_for("compatible:own", timezone.now()).rates == rates
    assert not UnpricedLLM.objects.exists()


def test_a_rehearsal_that_misbehaves_is_priced_by_its_plain_name(admin: Client) -> None:
    admin.post(NEW, {**TYPED, "llm": "rehearsal:search+loop"})
    assert PriceOverride.objects.for_llm("rehearsal:search").count() == 2


def test_a_price_may_begin_later(admin: Client) -> None:
    begins = (timezone.now() + timedelta(days=9)).replace(second=0, microsecond=0)
    page = admin.post(NEW, {**TYPED, "effective_from": f"{begins:%Y-%m-%d %H:%M}"}, follow=True).content.decode()
    assert PriceOverride.objects.get(llm="compatible:own").effective_from == begins
    assert f">{begins:%Y-%m-%d %H:%M} UTC</time>" in page


def test_a_tools_fee_is_one_amount(admin: Client) -> None:
    assert admin.post(NEW, {"llm": "tool:fetch", "per_request": "1,5"}).status_code == 422
    assert admin.post(NEW, {"llm": "tool: ", "per_request": "1"}).status_code == 422
    assert admin.post(NEW, {"llm": "tool:fetch", "per_request": "0.002"}).status_code == 302
    rates = PriceOverride.objects.get(llm="tool:fetch").to_rates()
    assert rates == Rates.flat(input=0, output=0, per_request=2_000_000)


def test_the_form_starts_with_the_price_that_holds_or_with_the_lists(admin: Client) -> None:
    price(LLM, "7.25")
    own = admin.get(NEW, {"llm": LLM}).content.decode()
    listed = admin.get(NEW, {"llm": LLM, "from": "list", "note": "as listed"}).content.decode()
    assert 'value="7.25"' in own
    assert 'value="7.25"' not in listed
    assert 'value="2.50"' in listed
    assert 'value="as listed"' in listed


def test_the_list_can_be_copied_when_it_has_the_llm(admin: Client) -> None:
    assert "from=list" in admin.post(PREVIEW, {**TYPED, "llm": LLM}).content.decode()
    assert "from=list" not in admin.post(PREVIEW, TYPED).content.decode()


def test_the_long_context_of_the_list_fills_the_rows(admin: Client) -> None:
    page = admin.get(NEW, {"llm": "openai:gpt-6.1-terra", "from": "list"}).content.decode()
    assert 'name="tier-0-above" value="272000"' in page


# What it would have meant ------------------------------------------------------------------------------


def test_the_preview_recosts_the_calls_of_all_tenants_and_changes_nothing(
    admin: Client, acme: Tenant, globex: Tenant, make_run: MakeRun
) -> None:
    price(LLM, "2")
    mine, other = make_run(acme, state="completed"), make_run(globex, state="completed")
    charged(acme, LLM, 2 * USD, run_id=mine.pk, usage=MILLION)
    charged(globex, LLM, 2 * USD, run_id=other.pk, usage=MILLION)
    charged(globex, LLM, 2 * USD, run_id=other.pk, usage=MILLION)
    charged(acme, LLM, 77_000_000, run_id=mine.pk)
    old = first_run_id(timezone.now() - timedelta(days=8))
    charged(acme, LLM, 64 * USD, run_id=old, usage=MILLION)
    page = admin.post(PREVIEW, {**TYPED, "llm": LLM, "input": "3"}).content.decode()
    assert "3 calls" in page
    assert ("$6.00" in page, "$9.00" in page, "+$3.00" in page, "+50 %" in page) == (True, True, True, True)
    assert page.index(f"/t/globex/runs/{other.pk}/") < page.index(f"/t/acme/runs/{mine.pk}/")
    assert "Left out: 1 call for $0.077" in page
    assert PriceOverride.objects.for_llm(LLM).count() == 1


def test_the_preview_says_from_when_and_until_when(admin: Client) -> None:
    now = timezone.now()
    price("compatible:own", days=-9)
    price("compatible:own", days=9)

    def said(days: int) -> str:
        typed = {**TYPED, "effective_from": f"{now + timedelta(days=days):%Y-%m-%d %H:%M}"}
        return admin.post(PREVIEW, typed).content.decode()

    assert "keep the price they had" in said(-3)
    assert "Runs at work take it" in said(-3)
    assert "another version takes over" in said(-3)
    assert "until then nothing changes" in said(3)
    assert "another version takes over" not in said(12)


def test_the_preview_of_an_incomplete_price_waits(admin: Client) -> None:
    for typed in ({}, {"llm": "compatible:own"}, {**TYPED, "input": "1,5"}, {"llm": "\x00"}, {"tier-0-above": "\x00"}):
        response = admin.post(PREVIEW, typed)
        assert response.status_code == 200
        assert "Once the price is complete" in response.content.decode()


def test_the_preview_says_that_nothing_was_called(admin: Client) -> None:
    assert "No call of compatible:own" in admin.post(PREVIEW, TYPED).content.decode()


def test_the_preview_says_when_not_all_calls_are_counted(
    admin: Client, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    charged(acme, LLM, USD, usage=MILLION)
    charged(acme, LLM, USD, usage=MILLION)
    monkeypatch.setattr("console.screens.prices.preview.recost", lambda calls, rates: recost(calls, rates, most=1))
    assert "only the newest" in admin.post(PREVIEW, {**TYPED, "llm": LLM}).content.decode()


def test_a_hostile_name_in_the_form_stays_text(admin: Client) -> None:
    hostile = 'compatible:"><img src=x>'
    set_price(llm=hostile, rates=Rates.flat(input=1, output=1), effective_from=timezone.now(), created_by="<b>")
    for page in (
        admin.get(ADDRESS),
        admin.get(ADDRESS, {"llm": hostile}),
        admin.get(NEW, {"llm": hostile, "note": hostile}),
        admin.post(NEW, {"llm": hostile, "note": hostile}),
        admin.post(PREVIEW, {**TYPED, "llm": hostile, "note": hostile}),
    ):
        assert "<img src=x" not in page.content.decode()


@pytest.mark.parametrize(
    ("change", "of", "usd", "share"),
    [
        (0, 5, "no change", ""),
        (5, 0, "+$0.000000005", ""),
        (USD, 2 * USD, "+$1.00", "+50 %"),
        (-USD, 3 * USD, "−$1.00", "−33 %"),
        (1, 1000, "+$0.000000001", "+<1 %"),
        (20 * USD, USD, "+$20.00", "+2000 %"),
    ],
)
def test_a_difference_in_words(change: int, of: int, usd: str, share: str) -> None:
    assert (signed_usd(change), percent(change, of)) == (usd, share)
