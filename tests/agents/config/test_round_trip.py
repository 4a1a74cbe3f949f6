"""What is exported says all of the database, and nothing that applying it would change."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils.timezone import now
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from agents.config.content import AgentContent, Content, Price, PriceKey, TenantFacts
from agents.config.database import read_database
from agents.config.document import parse
from agents.config.writing import written
from agents.contracts.specs import AgentSpec, CheckSpec
from agents.library.sync import keep_version
from agents.models import Agent
from budgets.models import Surface, Tenant
from budgets.prices import set_price
from budgets.pricing import LongContextTier, Rates, TokenRates
from budgets.tier_edits import Change, edit_tier
from tests.agents.config.conftest import apply_text, exported, plan_of
from tests.tier_edit import limit

USD = 10**9
TABLES = (
    "budgets_action",
    "budgets_tieredit",
    "budgets_tier",
    "budgets_surface",
    "budgets_tenant",
    "budgets_priceoverride",
    "agents_agent",
    "agents_agentversion",
)


@pytest.fixture
def rich(installation: None) -> None:  # noqa: ARG001
    """Something of everything that a file can say."""
    acme = Tenant.objects.get(slug="acme")
    chat = Surface.objects.get(tenant=acme, slug="free-chat")
    limit(acme, tenant_day_nanos=50 * USD, tenant_month_nanos=None, thresholds=[10, 90], allowed_llms=["rehearsal:*"])
    limit(acme, "ann@example.com", user_day_nanos=7 * USD + 1)
    limit(chat, "it's: 'ann', #1 \u00e9", run_nanos=1, cheaper_llm="rehearsal:search", at_cap="pause")
    long = LongContextTier(200_000, TokenRates(input=6, output=9, cache_read=6, cache_write=6))
    base = TokenRates(input=3 * USD, output=15 * USD, cache_read=USD // 3, cache_write=4 * USD, reasoning=20 * USD)
    for minute in (0, 1, 1):
        set_price(
            llm="openai:gpt-x",
            rates=Rates(base=base, per_request=minute, tiers=(long,)),
            effective_from=datetime(2026, 5, 1, 10, minute, 2, 345, tzinfo=UTC),
            created_by="x",
            note="1.5e3",
        )
    set_price(
        llm="tool:stock", rates=Rates.flat(input=0, output=0, per_request=5), effective_from=now(), created_by="x"
    )
    set_price(llm="compatible:own", rates=Rates.flat(input=0, output=0), effective_from=now(), created_by="x")
    set_price(llm="openai:gpt-4o", rates=None, effective_from=now(), created_by="x")
    search = Agent.objects.get(name="search").current
    assert search is not None
    spec = search.to_spec()
    other = spec.tools[0].model_copy(update={"description": "Another of this name.\n  Indented.\n"})
    keep_version(spec=spec.model_copy(update={"name": "search-b", "tools": (other, *spec.tools[1:])}))


def empty_the_database() -> None:
    """Take away everything that a file speaks of."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE agents_agent SET current_id = NULL")
        cursor.execute("DELETE FROM agents_agentversion")
        for table in TABLES:
            cursor.execute(f"DELETE FROM {table}")


@pytest.mark.usefixtures("rich")
def test_what_was_exported_changes_nothing() -> None:
    plan = plan_of(exported())
    assert (plan.differences, plan.left) == ((), ())


@pytest.mark.usefixtures("rich")
def test_an_empty_database_becomes_the_same() -> None:
    text = exported()
    empty_the_database()
    assert exported().endswith("\n{}\n")
    apply_text(text)
    assert exported() == text
    assert plan_of(text).differences == ()


@pytest.mark.usefixtures("rich")
def test_two_tools_of_one_name_both_stand_in_the_file() -> None:
    tools = parse(exported().encode()).content.tools
    assert (tools["search_corpus"].name, tools["search_corpus-2"].name) == ("search_corpus", "search_corpus")
    assert tools["search_corpus-2"].description == "Another of this name.\n  Indented.\n"


@pytest.mark.usefixtures("installation")
def test_a_tenant_and_sections_can_be_chosen() -> None:
    acme = parse(written(read_database(tenant="acme").content).encode()).content
    assert acme.sections == {"tenants", "surfaces", "tiers"}
    assert {key.tenant for key in acme.tiers} == set(acme.tenants) == {"acme"}
    chosen = parse(written(read_database(only=["tiers", "prices"]).content).encode()).content
    assert chosen.sections == {"tiers", "prices"}
    assert {key.tenant for key in chosen.tiers} == {"acme", "globex"}


@pytest.mark.usefixtures("installation")
def test_what_holds_for_a_while_is_not_exported() -> None:
    before = exported()
    change = Change(
        changes={"run_nanos": 9 * USD},
        reason="a bad day",
        actor="ann",
        made_from="console",
        expires_at=now() + timedelta(hours=1),
    )
    surface = Surface.objects.get(tenant__slug="acme", slug="free-chat")
    edit_tier(tenant=surface.tenant, surface=surface, user="", change=change)
    assert exported() == before


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=40)
LINES = TEXTS.filter(lambda text: text.isprintable() and text.strip() != "")


@settings(deadline=None)
@given(name=LINES, note=LINES, input_nanos=st.integers(0, 10**15))
def test_any_names_and_amounts_come_back(name: str, note: str, input_nanos: int) -> None:
    rates = Rates.flat(input=input_nanos, output=1)
    content = Content(
        sections=frozenset({"tenants", "prices"}),
        tenants={"acme": TenantFacts(name, "UTC")},
        prices={PriceKey("openai:x", datetime(2026, 1, 1, tzinfo=UTC)): Price(rates, note=note)},
    )
    assert parse(written(content).encode()).content == content


@settings(deadline=None)
@given(prompt=TEXTS, phrases=st.lists(TEXTS, max_size=3))
def test_any_prompt_comes_back(prompt: str, phrases: list[str]) -> None:
    check = CheckSpec(check="banned", settings={"phrases": list[JsonValue](phrases)})
    spec = AgentSpec(name="desk", title=prompt, purpose="", system_prompt=prompt, llms=("a:b",), checks=(check,))
    content = Content(sections=frozenset({"agents"}), agents={"desk": AgentContent(spec, ("one", "two"))})
    assert parse(written(content).encode()).content == content
