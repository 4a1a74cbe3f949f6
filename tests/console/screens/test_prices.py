"""The prices: who sees what, what holds and what comes next, and versions that are taken back."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from agents.contracts.ids import first_run_id, new_run_id
from agents.models import Agent
from budgets.models import Hold, PriceOverride, Tenant, UnpricedLLM
from budgets.money import parse_usd
from budgets.prices import forget_prices, set_price
from budgets.pricing import LongContextTier, Rates, TokenRates, Usage
from budgets.unpriced import note_unpriced
from console.screens.prices.selectors import price_list
from tests.console.conftest import SignedIn

pytestmark = pytest.mark.usefixtures("acme", "agent")

USD = 10**9
ADDRESS = "/t/acme/prices/"
LLM = "openai:gpt-4o"
MOST_QUERIES = 10
MEMBERS = {"acme_viewer", "acme_operator", "acme_approver", "acme_admin"}


@pytest.fixture(autouse=True)
def _fresh_prices() -> None:
    forget_prices()


@pytest.fixture
def platform_admin(signed_in: SignedIn) -> Client:
    return signed_in("admin")


def price(llm: str, usd: str = "3", *, days: int = 0, note: str = "") -> PriceOverride:
    """A price of so many USD per million tokens, from some days from now on."""
    nanos = parse_usd(usd)
    return set_price(
        llm=llm,
        rates=Rates.flat(input=nanos, output=nanos * 2),
        effective_from=timezone.now() + timedelta(days=days),
        created_by="admin",
        note=note,
    )


def charged(tenant: Tenant, llm: str, nanos: int, *, run_id: str = "", usage: Usage | None = None) -> Hold:
    """A settled call."""
    now, run_id = timezone.now(), run_id or new_run_id()
    return Hold.objects.create(
        id=f"{run_id}:{Hold.objects.count()}",
        tenant=tenant,
        run_id=run_id,
        step=1,
        llm=llm,
        amount_nanos=nanos,
        state="settled",
        settled_nanos=nanos,
        usage=usage.as_json() if usage else None,
        opened_at=now,
        closed_at=now,
    )


def page_of(client: Client, **query: str) -> str:
    """The page as a person gets it."""
    response = client.get(ADDRESS, query)
    assert response.status_code == 200
    return response.content.decode()


# Who -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("username", sorted(MEMBERS | {"admin"}))
def test_everybody_of_the_tenant_sees_prices_and_only_the_platform_sets_them(
    username: str, signed_in: SignedIn
) -> None:
    version, client = price("openai:gpt-4o", days=1), signed_in(username)
    expected = 200 if username == "admin" else 403
    assert client.get(ADDRESS).status_code == 200
    assert client.get(ADDRESS, {"llm": LLM}).status_code == 200
    assert client.get(f"{ADDRESS}new/").status_code == expected
    assert client.post(f"{ADDRESS}new/preview/").status_code == expected
    posted = {client.post(f"{ADDRESS}new/").status_code, client.post(withdraw_of(version)).status_code}
    assert posted == ({422, 302} if username == "admin" else {403})
    assert PriceOverride.objects.for_llm(LLM).count() == (2 if username == "admin" else 1)


def test_strangers_find_nothing_and_other_methods_are_refused(globex_operator: Client, platform_admin: Client) -> None:
    version = price(LLM, days=1)
    for address in (ADDRESS, f"{ADDRESS}?llm={LLM}", f"{ADDRESS}new/", f"{ADDRESS}new/preview/", withdraw_of(version)):
        assert globex_operator.get(address).status_code == 404
        assert globex_operator.post(address).status_code == 404
        assert platform_admin.delete(address).status_code == 405
    assert platform_admin.get(withdraw_of(version)).status_code == 405


def test_anonymous_people_are_sent_to_sign_in(client: Client) -> None:
    for address in (ADDRESS, f"{ADDRESS}new/", f"{ADDRESS}new/preview/", f"{ADDRESS}versions/1/withdraw/"):
        assert client.post(address)["Location"].startswith("/sign-in/")


def test_verbs_are_shown_to_those_who_may(acme_viewer: Client, platform_admin: Client) -> None:
    price("openai:gpt-4o", days=1)
    note_unpriced("openai:gpt-9", "acme")
    for query in ({}, {"llm": LLM}):
        assert "Set a price" not in page_of(acme_viewer, **query)
        assert "Set a price" in page_of(platform_admin, **query)
    assert "Withdraw" not in page_of(acme_viewer, llm=LLM)
    assert "Withdraw" in page_of(platform_admin, llm=LLM)


# The list ------------------------------------------------------------------------------------------


def names(tenant: Tenant, *, of_platform: bool = False) -> tuple[list[str], list[str]]:
    """The LLMs with and without a price."""
    found = price_list(tenant, timezone.now(), of_platform=of_platform)
    return [row.name for row in found.llms], [row.name for row in found.unpriced]


def test_the_list_has_what_is_priced_what_agents_call_and_what_was_called(acme: Tenant, agent: Agent) -> None:
    assert agent.current is not None
    agent.current.spec |= {"llms": ["rehearsal:search", "compatible:chained"], "summary_llm": LLM}
    agent.current.save()
    charged(acme, "compatible:once", 5)
    priced, unpriced = names(acme)
    assert {"rehearsal:search", "rehearsal:summary", LLM} <= set(priced)
    assert unpriced == ["compatible:once", "compatible:chained"]
    found = price_list(acme, timezone.now(), of_platform=False)
    assert next(row for row in found.llms if row.name == LLM).used_by == ("reader",)


def test_spend_is_of_this_tenant_and_the_last_seven_days(acme: Tenant, globex: Tenant) -> None:
    charged(acme, "rehearsal:search", 3 * USD)
    charged(acme, "rehearsal:search+loop", 4 * USD)
    charged(acme, "rehearsal:search", 8 * USD, run_id=first_run_id(timezone.now() - timedelta(days=8)))
    charged(globex, "rehearsal:search", 16 * USD)
    charged(globex, "compatible:of-globex", USD)
    found = price_list(acme, timezone.now(), of_platform=False)
    assert found.llms[0].name == "rehearsal:search"
    assert (found.llms[0].spend.nanos, found.llms[0].spend.calls) == (7 * USD, 2)
    assert found.spent_nanos == 7 * USD
    assert "compatible:of-globex" not in str(found)


def test_rates_source_version_and_what_comes_next_are_shown(acme_viewer: Client) -> None:
    long = LongContextTier(200_000, TokenRates(input=9 * USD, output=19 * USD, cache_read=1, cache_write=1))
    rates = Rates(TokenRates(2 * USD, 7 * USD, USD // 5, 3 * USD, 8 * USD), per_request=500_000, tiers=(long,))
    since = timezone.now() - timedelta(days=40)
    version = set_price(llm=LLM, rates=rates, effective_from=since, created_by="admin")
    upcoming = price(LLM, "4", days=5)
    page = page_of(acme_viewer)
    for shown in ("$2.00", "$7.00", "$0.20", "$3.00", "$8.00", "$0.0005", "200,000", "$9.00 / $19.00"):
        assert shown in page
    assert f"override {version.pk}" in page
    assert f"{since:%Y-%m-%d}" in page
    assert f"{upcoming.effective_from:%Y-%m-%d}" in page
    assert "$4.00 / $8.00" in page


def test_a_listed_llm_shows_the_list_as_its_source(acme_viewer: Client, acme: Tenant) -> None:
    charged(acme, LLM, 5)
    assert "genai-prices" in page_of(acme_viewer)


def test_tools_with_a_fee_have_a_row_and_free_ones_a_link(acme_viewer: Client, acme: Tenant, agent: Agent) -> None:
    assert agent.current is not None
    tool = {"description": "", "parameters": {}, "implementations": [{"name": "one", "target": "a:b"}]}
    agent.current.spec |= {"tools": [{"name": "fetch", **tool}, {"name": "count_words", **tool}]}
    agent.current.save()
    fee = Rates.flat(input=0, output=0, per_request=2_000_000)
    set_price(llm="tool:fetch", rates=fee, effective_from=timezone.now(), created_by="admin")
    charged(acme, "tool:fetch", 6_000_000)
    found = price_list(acme, timezone.now(), of_platform=False)
    assert [(row.title, row.spend.nanos) for row in found.fees] == [("fetch", 6_000_000)]
    assert [row.title for row in found.free_tools] == ["count_words"]
    page = page_of(acme_viewer)
    assert "$0.002" in page
    assert "llm=tool%3Acount_words" in page


def test_the_list_asks_the_database_a_bounded_number_of_times(
    acme_viewer: Client, acme: Tenant, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        price(f"compatible:llm-{number}")
        charged(acme, f"compatible:llm-{number}", 5)
        note_unpriced(f"compatible:other-{number}", "acme")
    with django_assert_max_num_queries(MOST_QUERIES):
        page_of(acme_viewer)


# Without a price -----------------------------------------------------------------------------------


def test_what_was_asked_for_without_a_price_stands_on_top_with_how_often(platform_admin: Client) -> None:
    note_unpriced("compatible:x", "globex")
    note_unpriced("compatible:x", "globex")
    page = page_of(platform_admin)
    assert "1</strong> without a price" in page
    assert page.index("compatible:x") < page.index("rehearsal:search")
    assert "2 times" in page
    assert "by globex" in page


def test_members_of_a_tenant_learn_nothing_of_what_others_asked_for(acme_viewer: Client, acme: Tenant) -> None:
    note_unpriced("compatible:secret-of-globex", "globex")
    note_unpriced("compatible:shared", "globex")
    note_unpriced("compatible:shared", "acme")
    page = page_of(acme_viewer)
    assert "secret-of-globex" not in page
    assert "compatible:shared" in page
    assert "2 times" not in page
    assert "globex" not in page
    assert names(acme, of_platform=True)[1] == ["compatible:secret-of-globex", "compatible:shared"]


def test_an_llm_that_the_list_has_learned_meanwhile_is_not_without_a_price(acme: Tenant) -> None:
    note_unpriced(LLM, "acme")
    assert names(acme)[1] == []


def test_an_llm_whose_price_is_scheduled_is_without_one_until_then(acme_viewer: Client, acme: Tenant) -> None:
    note_unpriced("compatible:x", "acme")
    begins = price("compatible:x", days=3).effective_from
    assert names(acme)[1] == ["compatible:x"]
    assert UnpricedLLM.objects.exists()
    assert f"{begins:%Y-%m-%d}" in page_of(acme_viewer)


def test_a_launch_without_a_price_leads_to_the_page_that_mends_it(acme_operator: Client, rung: list[str]) -> None:
    form = {"agent": "reader", "task": "Read.", "surface": "enterprise", "llm": "rehearsal:unpriced+loop", "key": "k"}
    response = acme_operator.post("/t/acme/runs/new/", form)
    assert response.status_code == 422
    page = response.content.decode()
    assert f'<a href="{ADDRESS}?llm=rehearsal%3Aunpriced">' in page
    assert (UnpricedLLM.objects.get().llm, UnpricedLLM.objects.get().last_tenant) == ("rehearsal:unpriced", "acme")
    assert "No price is known" in page_of(acme_operator, llm="rehearsal:unpriced")
    assert rung == []


def test_a_hostile_name_in_a_refused_launch_stays_text(acme_operator: Client) -> None:
    form = {"agent": "reader", "task": "Read.", "surface": "enterprise", "llm": 'rehearsal:"><img src=x>', "key": "k"}
    page = acme_operator.post("/t/acme/runs/new/", form).content.decode()
    assert "<img src=x" not in page
    assert "<img src=x" not in page_of(acme_operator)
    assert "<img src=x" not in page_of(acme_operator, llm='rehearsal:"><img src=x>')


# One price -----------------------------------------------------------------------------------------


def test_the_history_has_every_version_with_who_when_and_why(acme_viewer: Client) -> None:
    price(LLM, "1", days=-9, note="first")
    price(LLM, "2", days=-5, note="mistyped")
    PriceOverride.objects.create(
        llm=LLM, rates=Rates.flat(input=3, output=3).as_json(), created_by="admin", note="put right",
        effective_from=PriceOverride.objects.get(note="mistyped").effective_from,
    )  # fmt: skip
    price(LLM, "4", days=5, note="announced")
    page = page_of(acme_viewer, llm=LLM)
    order = [page.index(word) for word in ("announced", "put right", "mistyped", "first")]
    assert order == sorted(order)
    for word in ("scheduled", "holds now", "replaced", "ended"):
        assert page.count(f"{word}</span>") == 1


def test_an_unknown_name_is_not_found(acme_viewer: Client) -> None:
    for name in ("nobody:has-this", "nonsense", "own:\x00"):
        assert acme_viewer.get(ADDRESS, {"llm": name}).status_code == 404
    price("nobody:has-this")
    assert acme_viewer.get(ADDRESS, {"llm": "nobody:has-this"}).status_code == 200


def withdraw_of(version: PriceOverride) -> str:
    """Where a version is withdrawn."""
    return reverse("prices:withdraw", args=["acme", version.pk])


def test_a_scheduled_version_is_withdrawn_once(platform_admin: Client) -> None:
    price(LLM, "1", days=-9)
    scheduled = price(LLM, "4", days=5)
    assert platform_admin.post(withdraw_of(scheduled))["Location"].endswith("?llm=openai%3Agpt-4o")
    newest = PriceOverride.objects.for_llm(LLM)[0]
    assert (newest.rates["input"], newest.created_by) == (USD, "admin")
    assert newest.effective_from == scheduled.effective_from
    page = platform_admin.post(withdraw_of(scheduled), follow=True).content.decode()
    assert "newer version" in page
    assert PriceOverride.objects.for_llm(LLM).count() == 3


def test_a_version_that_has_begun_is_not_withdrawn(platform_admin: Client) -> None:
    version = price(LLM, "1", days=-1)
    assert "has begun" in platform_admin.post(withdraw_of(version), follow=True).content.decode()
    assert PriceOverride.objects.for_llm(LLM).count() == 1
    for number in (999_999, 10**30):
        assert platform_admin.post(f"{ADDRESS}versions/{number}/withdraw/").status_code == 404


def test_times_are_told_in_utc(acme_viewer: Client) -> None:
    begins = datetime.fromisoformat("2026-01-01T23:30:00-05:00")
    set_price(llm=LLM, rates=Rates.flat(input=1, output=1), effective_from=begins, created_by="admin")
    assert "2026-01-02 04:30:00.000 UTC" in page_of(acme_viewer, llm=LLM)
