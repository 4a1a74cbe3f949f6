"""The Overview as a page: what it reads and in how many queries, whom it shows what, and that every figure leads on."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from agents.contracts.specs import AgentSpec, Implementation, ToolSpec
from agents.library.sync import keep_version
from agents.models import Approval, Effect, HealthChange, Run, Tool, ToolHealth
from agents.switches import set_switch
from budgets import clock
from budgets.actions import note
from budgets.models import Hold, Tenant, UnpricedLLM
from console.live.overview_feed import OverviewFeed
from console.screens.overview import catalogue
from console.screens.overview.calm import calm_since
from console.screens.overview.facts import read_facts
from console.screens.overview.live_runs import seen_runs
from console.screens.overview.money import kept_bands
from console.screens.overview.page import page_of
from tests.console.conftest import MakeRun, SignedIn
from tests.console.screens.budgets.conftest import Spend, spend
from tests.tier_edit import limit

__all__ = ["spend"]
pytestmark = pytest.mark.usefixtures("acme", "rung")
ADDRESS = "/t/acme/"
USD = 10**9
CHAIN = tuple(Implementation(name=name, target=f"shop.stock:{name}") for name in ("stock_live", "stock_cached"))
STOCK = ToolSpec(name="stock", description="How many.", parameters={}, implementations=CHAIN)
SHOP = AgentSpec(name="shop", title="Shop", purpose="", system_prompt="", llms=("rehearsal:search",), tools=(STOCK,))


@pytest.fixture(autouse=True)
def _nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has a database of its own; what this process keeps of the last one is let go."""
    kept_bands.clear()
    monkeypatch.setattr(catalogue, "_last", catalogue.Kept())


def asks(run: Run) -> None:
    """A call of the run waits for a yes."""
    now = timezone.now()
    Approval.objects.create(
        run=run,
        call_id="c1",
        tool="refund",
        arguments={},
        arguments_hash="h",
        preview="Refund <b>12</b>",
        requested_at=now,
        expires_at=now + timedelta(minutes=5),
    )


def is_unsure(run: Run, *, key: str) -> None:
    """Nobody knows what became of a call of the run."""
    now = timezone.now()
    Effect.objects.create(
        run=run,
        step=1,
        call_id="c2",
        tool="send_email",
        tool_version="1",
        scope=run.pk,
        key=key,
        state="unknown",
        arguments={},
        epoch=1,
        started_at=now,
        unknown_since=now,
    )


@pytest.fixture
def troubled(acme: Tenant, make_run: MakeRun, spend: Spend) -> Tenant:
    """Everything at once that can need a person."""
    now = timezone.now()
    limit(acme, tenant_day_nanos=USD)
    spend(900_000_000, cap_nanos=USD, lease_expires_at=now + timedelta(minutes=1))
    for number in range(3):
        asks(make_run(acme, state="waiting_approval"))
        is_unsure(make_run(acme, state="waiting_resolution"), key=f"k{number}")
        make_run(acme, state="paused_budget", reason="No room.")
        make_run(acme, state="dead", reason="Lost.")
        make_run(acme, lease_expires_at=now - timedelta(minutes=1))
    Run.objects.filter(pk=make_run(acme, state="queued").pk).update(created_at=now - timedelta(minutes=2))
    keep_version(spec=SHOP)
    for link in ("stock/stock_live", "stock/stock_cached"):
        ToolHealth.objects.create(link=link, state="open", window_started_at=now, opened_at=now)
    HealthChange.objects.create(link="stock/stock_live", was="closed", now="open", why="6 of 6", error="SECRET")
    UnpricedLLM.objects.create(llm="openai:gpt-9", first_seen_at=now, last_seen_at=now, last_tenant="acme")
    set_switch(reach="agent", actor="ada", reason="drill", tenant=acme, name="shop")
    return acme


def page_text(client: Client, address: str = ADDRESS) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_all_that_needs_a_person_is_there_in_at_most_twelve_queries(
    acme_approver: Client, troubled: Tenant, django_assert_max_num_queries: Any
) -> None:
    page_text(acme_approver)
    with django_assert_max_num_queries(12):
        text = page_text(acme_approver)
    found = {need.key.partition("-")[0] for need in page_of(read_facts(troubled, timezone.now())).needs}
    assert found >= {"cap", "asked", "unknown", "paused", "tool", "unpriced", "queue", "lost", "dead", "stop", "budget"}
    assert "things need you" in text
    assert "Refund &lt;b&gt;12&lt;/b&gt;" in text
    assert "SECRET" not in text


def test_a_calm_page_says_so_and_since_when_in_at_most_twelve_queries(
    acme_viewer: Client, acme: Tenant, make_run: MakeRun, django_assert_max_num_queries: Any
) -> None:
    make_run(acme, lease_expires_at=timezone.now() + timedelta(minutes=1))
    page_text(acme_viewer)
    with django_assert_max_num_queries(12):
        assert "Nothing has needed anybody yet" in page_text(acme_viewer)
    HealthChange.objects.create(link="stock/stock_live", was="half_open", now="closed", why="")
    assert "a tool came back" in page_text(acme_viewer)


@pytest.mark.parametrize("calm", [True, False])
def test_the_first_look_of_an_hour_and_of_a_new_catalogue_is_in_at_most_twelve_queries(
    calm: bool,
    request: pytest.FixtureRequest,
    acme_viewer: Client,
    acme: Tenant,
    django_assert_max_num_queries: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On PostgreSQL one of them asks for its clock, as every ten seconds one does."""
    if not calm:
        request.getfixturevalue("troubled")
    page_text(acme_viewer)
    keep_version(spec=SHOP)
    Tool.objects.create(name="extra", spec=STOCK.model_dump(mode="json"), digest="d", origin="screen", changed_by="a")
    kept_bands.clear()
    monkeypatch.setattr(clock, "_last", None)
    with django_assert_max_num_queries(12):
        text = page_text(acme_viewer)
    assert ("Nothing has needed anybody yet" in text) is calm
    assert {each.tool.name for each in read_facts(acme, timezone.now()).tools} >= {"stock", "extra"}


def test_an_agents_new_version_is_seen_at_once(acme: Tenant) -> None:
    def tools() -> set[str]:
        return {each.tool.name for each in read_facts(acme, timezone.now()).tools}

    keep_version(spec=SHOP)
    assert tools() == {"stock", "llm/rehearsal:search"}
    keep_version(spec=SHOP.model_copy(update={"llms": ("rehearsal:content",)}))
    assert tools() == {"stock", "llm/rehearsal:content"}
    keep_version(spec=SHOP)
    assert tools() == {"stock", "llm/rehearsal:search"}


def test_more_runs_are_no_more_queries(acme: Tenant, make_run: MakeRun) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            page_of(read_facts(acme, timezone.now()))
        return len(asked)

    make_run(acme, cost_nanos=90_000_000)
    queries()
    before = queries()
    for _ in range(20):
        make_run(acme, cost_nanos=90_000_000)
    assert queries() == before


def test_each_figure_leads_to_the_runs_that_it_counts(acme_viewer: Client, troubled: Tenant) -> None:
    text = page_text(acme_viewer)
    runs = seen_runs(troubled, timezone.now())
    counted = {
        "status:running,kill_requested": runs.at_work,
        "status:queued": runs.queued,
        "status:waiting": runs.waiting,
    }
    for query, shown in {**counted, "status:failed,dead+ended:1h": runs.failed}.items():
        address = f"{reverse('runs:list', args=['acme'])}?q={query}"
        assert f'href="{address}"' in text
        listed = acme_viewer.get(address).content.decode().count(" data-peek=")
        assert listed == len(shown) > 0


@pytest.mark.parametrize(
    ("username", "verbs"),
    [
        ("acme_viewer", set()),
        ("acme_operator", {"Kill…", "Approve…", "Resolve…", "Lift the stop…"}),
        ("acme_approver", {"Kill…", "Approve…", "Resolve…", "Lift the stop…", "Top up…"}),
        ("admin", {"Kill…", "Approve…", "Resolve…", "Lift the stop…", "Top up…", "Set a price…"}),
    ],
)
def test_a_verb_is_there_for_those_who_may(
    signed_in: SignedIn, troubled: Tenant, username: str, verbs: set[str]
) -> None:
    assert troubled.pk
    text = page_text(signed_in(username))
    every = {"Kill…", "Approve…", "Resolve…", "Lift the stop…", "Top up…", "Set a price…"}
    assert {verb for verb in every if f">{verb}</" in text} == verbs


def test_another_tenants_trouble_is_not_here(globex: Tenant, troubled: Tenant, globex_operator: Client) -> None:
    assert troubled.pk
    keys = {need.key for need in page_of(read_facts(globex, timezone.now())).needs}
    assert keys == {"tool-stock"}
    text = page_text(globex_operator, "/t/globex/")
    assert "refund" not in text.partition('id="o-tools"')[0]
    assert "drill" not in text


def test_strangers_find_nothing_and_anonymous_people_are_sent_to_sign_in(
    globex_operator: Client, client: Client
) -> None:
    for address in (ADDRESS, f"{ADDRESS}?wall=1"):
        assert globex_operator.get(address).status_code == 404
        assert client.get(address)["Location"].startswith("/sign-in/")
    assert globex_operator.post("/t/globex/").status_code == 405


def test_the_bare_address_leads_here(acme_viewer: Client) -> None:
    assert acme_viewer.get("/")["Location"] == ADDRESS


def test_a_fresh_trouble_is_a_frame_that_asks_for_the_regions(acme: Tenant, make_run: MakeRun) -> None:
    feed = OverviewFeed(acme.pk)
    assert feed.advance() is None
    assert feed.advance() is None
    make_run(acme, cost_nanos=90_000_000)
    frame = feed.advance() or ""
    assert '"id":"o-running","value":"1"' in frame
    assert '"id":"o-headline","value":"1 thing needs you"' in frame
    assert '"op":"refetch","region":"state"' in frame
    assert (feed.knows(1), feed.knows(0), feed.knows(3)) == (True, False, False)
    assert feed.replay(1) == frame


def test_money_that_moves_is_told_in_the_cells_alone(acme: Tenant, spend: Spend) -> None:
    run = spend(100_000_000, cap_nanos=USD)
    feed = OverviewFeed(acme.pk)
    feed.advance()
    now = timezone.now()
    Hold.objects.filter(run_id=run.pk).update(settled_nanos=120_000_000, closed_at=now)
    Run.objects.filter(pk=run.pk).update(cost_nanos=120_000_000)
    frame = feed.advance() or ""
    assert f'"id":"b-{run.pk}-cost","value":"$0.12"' in frame
    assert "refetch" not in frame


def test_what_people_and_breakers_changed_is_told_newest_first(acme_viewer: Client, troubled: Tenant) -> None:
    note(actor="jonas", verb="tool.force", target="stock/stock_live", tenant=troubled, reason="moved")
    changes = page_of(read_facts(troubled, timezone.now())).changes
    assert (changes[0].who, changes[0].verb, changes[0].what) == ("jonas", "tool.force", "stock/stock_live")
    assert "stock/stock_live is open" in [change.what for change in changes]
    assert "jonas" in page_text(acme_viewer)


def test_a_run_that_ended_near_its_cap_was_the_last_thing_that_needed_anybody(acme: Tenant, make_run: MakeRun) -> None:
    assert calm_since(acme).since is None
    run = make_run(acme, state="completed", cost_nanos=85_000_000)
    assert calm_since(acme).since == run.ended_at
    make_run(acme, state="completed", cost_nanos=5_000_000)
    assert calm_since(acme).since == run.ended_at


def test_the_runs_are_read_along_an_index(
    acme: Tenant, make_run: MakeRun, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    model = make_run(acme, state="completed")
    same = {field.attname: getattr(model, field.attname) for field in Run._meta.concrete_fields}
    rows = [Run(**{**same, "id": f"{number:032x}"}) for number in range(5_000)]
    Run.objects.bulk_create(rows, batch_size=500)
    Run.objects.exclude(pk=model.pk).update(ended_at=timezone.now() - timedelta(days=3))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    with django_assert_num_queries(1) as asked:
        seen_runs(acme, timezone.now())
    explain = {"postgresql": "EXPLAIN", "sqlite": "EXPLAIN QUERY PLAN"}[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(f"{explain} {asked[0]['sql']}")
        plan = str(cursor.fetchall())
    assert "run_tenant_ended" in plan
