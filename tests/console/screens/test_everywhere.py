"""All tenants side by side: whose they are, what stands first, where each figure leads, and in how many queries."""

from datetime import timedelta
from math import inf
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from agents.models import Approval, Run, ToolHealth
from agents.switches import set_switch
from budgets import clock
from budgets.models import Account, Tenant
from budgets.seed import open_tenant
from console.models import Membership, User
from console.screens.everywhere import lines, live_runs, views
from console.screens.everywhere.facts import read_everywhere
from console.screens.everywhere.rows import TenantRow, rows_of, sums_of
from console.screens.overview.facts import read_facts
from console.screens.overview.needs import needs_of
from console.screens.overview.page import page_of
from tests.console.conftest import MakeRun, SignedIn
from tests.console.screens.budgets.conftest import spend
from tests.console.screens.test_overview import _nothing_is_kept, troubled
from tests.tier_edit import limit

__all__ = ["_nothing_is_kept", "spend", "troubled"]
pytestmark = pytest.mark.usefixtures("acme", "rung")
USD = 10**9
SPENT = 900_000_000
MOST_QUERIES = 12


@pytest.fixture
def admin(signed_in: SignedIn) -> Client:
    return signed_in("admin")


@pytest.fixture
def of_both(signed_in: SignedIn, cast: dict[str, User], globex: Tenant) -> Client:
    """Somebody of acme who looks at globex too."""
    Membership.objects.create(user=cast["acme_operator"], tenant=globex, role="viewer")
    return signed_in("acme_operator")


def read_rows(*tenants: Tenant) -> list[TenantRow]:
    return rows_of(read_everywhere(tenants, timezone.now()).facts)


def text_of(client: Client, address: str = "/all/") -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def queries(client: Client) -> int:
    """How many a second look takes; the first one reads what the process keeps."""
    text_of(client)
    with CaptureQueriesContext(connection) as asked:
        text_of(client)
    return len(asked)


def test_each_row_is_what_the_tenants_own_overview_says(troubled: Tenant, globex: Tenant) -> None:
    now = timezone.now()
    limit(globex, tenant_day_nanos=3 * USD)
    found = read_everywhere([troubled, globex], now).facts
    assert [each.tenant for each in found] == [troubled, globex]
    for facts in found:
        own = read_facts(facts.tenant, now)
        assert needs_of(facts) == needs_of(own)
        assert (facts.runs, facts.today, facts.burn.now_nanos) == (own.runs, own.today, own.burn.now_nanos)
    kinds = {need.key.partition("-")[0] for need in needs_of(found[0])}
    assert kinds >= {"cap", "asked", "unknown", "paused", "tool", "unpriced", "queue", "lost", "dead", "stop", "budget"}
    assert (found[0].today.spent_nanos, found[1].today.cap_nanos) == (SPENT, 3 * USD)


def test_the_most_urgent_stands_first(troubled: Tenant, globex: Tenant, make_run: MakeRun) -> None:
    rows = read_rows(globex, troubled)
    assert [row.facts.tenant for row in rows] == [troubled, globex]
    first, second = (row.facts.runs.counts for row in rows[:2])
    assert (rows[0].severity, first.running, first.failed, second.failed) == (3, "4", "3", "0")
    calm = open_tenant(slug="calm", name="Calm", timezone="UTC", actor="admin")
    ToolHealth.objects.all().delete()
    make_run(globex, state="failed")
    assert [row.facts.tenant for row in read_rows(calm, globex, troubled)] == [troubled, globex, calm]


def test_tools_in_trouble_stand_where_runs_at_work_have_them(
    troubled: Tenant, globex: Tenant, make_run: MakeRun
) -> None:
    Run.objects.filter(pk=make_run(troubled).pk).update(agent_name="shop")
    first, other = read_rows(troubled, globex)
    assert [(tool.title, tool.status.word, tool.runs) for tool in first.hit] == [("stock", "down", 1)]
    assert other.hit == []


def test_sums_are_those_of_the_rows(troubled: Tenant, globex: Tenant) -> None:
    sums = sums_of(read_rows(troubled, globex))
    assert (sums.tenants, sums.running, sums.waiting, sums.failed) == (2, 4, 9, 3)
    assert (sums.spent_nanos, sums.is_cut) == (SPENT, False)


def test_more_tenants_and_runs_are_no_more_queries(
    admin: Client, troubled: Tenant, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert troubled.pk
    clock.now()
    monkeypatch.setattr("budgets.clock.READ_AGAIN_SECONDS", inf)  # or one look in between costs a query
    before = queries(admin)
    assert before <= MOST_QUERIES
    for number in range(12):
        tenant = open_tenant(slug=f"more-{number}", name="More", timezone="Asia/Tokyo", actor="admin")
        limit(tenant, tenant_day_nanos=USD)
        make_run(tenant, cost_nanos=90_000_000)
        make_run(tenant, state="failed")
    assert queries(admin) == before


def test_not_even_the_first_look_takes_more_than_twelve_queries(
    admin: Client, troubled: Tenant, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    assert troubled.pk
    with django_assert_max_num_queries(MOST_QUERIES):
        text_of(admin)


def test_only_ones_own_tenants_are_there(admin: Client, of_both: Client) -> None:
    other = open_tenant(slug="initech", name="Initech", timezone="UTC", actor="admin")
    set_switch(reach="tenant", actor="ada", reason="Only here.", tenant=other)
    seen = text_of(of_both)
    assert 'id="tenant-acme"' in seen
    assert 'id="tenant-globex"' in seen
    assert "initech" not in seen
    assert 'id="tenant-initech"' in text_of(admin)


def test_who_is_in_one_tenant_is_led_to_it_and_a_stranger_finds_nothing(
    acme_viewer: Client, cast: dict[str, User], client: Client
) -> None:
    assert acme_viewer.get("/all/")["Location"] == "/t/acme/"
    Membership.objects.filter(user=cast["acme_viewer"]).delete()
    assert acme_viewer.get("/all/").status_code == 404
    assert client.get("/all/")["Location"].startswith("/sign-in/")
    assert acme_viewer.post("/all/").status_code == 405


def test_each_figure_leads_to_what_it_counts(admin: Client, troubled: Tenant) -> None:
    text = text_of(admin)
    row = text.partition('id="tenant-acme"')[2].partition("</tr>")[0]
    account = Account.objects.get(tenant=troubled, scope="tenant_day")
    for address in (
        "/t/acme/",
        "/t/acme/runs/?q=status:running,kill_requested",
        "/t/acme/runs/?q=status:waiting",
        "/t/acme/runs/?q=status:failed,dead+ended:1h",
        f"/t/acme/budgets/{account.pk}/",
        "/t/acme/stops/",
    ):
        assert f'href="{address}"' in row, address
        assert admin.get(address).status_code == 200
    worst = page_of(read_facts(troubled, timezone.now())).needs[0]
    assert f'href="{worst.href}"' in row
    assert worst.title in row


def test_very_much_is_bounded_and_says_so(
    admin: Client, acme: Tenant, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_runs, "MOST_OF_ONE", 2)
    monkeypatch.setattr(lines, "MOST_WAITING", 1)
    monkeypatch.setattr(views, "MOST_TENANTS", 1)
    now = timezone.now()
    for number in range(3):
        run = make_run(acme, state="waiting_approval", cost_nanos=number)
        asked = {"run": run, "call_id": "c", "tool": "refund", "arguments": {}, "arguments_hash": "h"}
        Approval.objects.create(**asked, requested_at=now, expires_at=now + timedelta(minutes=number + 1))
    text = text_of(admin)
    assert ">2+<" in text
    assert "Very many calls wait" in text
    assert "the first 1 by their short names" in text
    assert 'id="tenant-globex"' not in text


def test_dearest_runs_of_every_tenant_are_read_before_any_tenant_has_more(
    acme: Tenant, globex: Tenant, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_runs, "MOST", 3)
    dear = [make_run(acme, cost_nanos=cost) for cost in (5, 9, 7)][1]
    make_run(globex)
    found = live_runs.seen_runs_of([acme, globex], timezone.now())
    assert (len(found[acme.pk].at_work), found[acme.pk].is_cut) == (2, True)
    assert dear.pk in {run.id for run in found[acme.pk].at_work}
    assert (len(found[globex.pk].at_work), found[globex.pk].is_cut) == (1, False)


def test_without_a_tenant_the_platforms_admin_is_told_what_to_do(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "tenants_of", lambda _: Tenant.objects.none())
    text = text_of(admin)
    assert "No tenant yet" in text
    assert 'href="/tenants/new/"' in text


def test_the_bare_address_leads_people_of_several_tenants_here(
    of_both: Client, acme_viewer: Client, cast: dict[str, User], acme: Tenant
) -> None:
    assert of_both.get("/")["Location"] == "/all/"
    assert acme_viewer.get("/")["Location"] == "/t/acme/"
    User.objects.filter(pk=cast["acme_operator"].pk).update(home_page="runs:list")
    assert of_both.get("/")["Location"] == "/t/acme/runs/"
    User.objects.filter(pk=cast["acme_operator"].pk).update(home_page="", home_tenant=acme)
    assert of_both.get("/")["Location"] == "/t/acme/"


@pytest.mark.parametrize("place", ["menu", "palette"])
def test_it_is_found_from_every_page_by_people_of_several_tenants(
    place: str, of_both: Client, acme_viewer: Client
) -> None:
    address = {"menu": "/t/acme/runs/", "palette": "/t/acme/palette/?q=all+tenants"}[place]
    assert 'href="/all/"' in text_of(of_both, address)
    assert 'href="/all/"' not in text_of(acme_viewer, address)


def test_hostile_words_stay_words(admin: Client, acme: Tenant, make_run: MakeRun) -> None:
    now = timezone.now()
    asked: dict[str, Any] = {"run": make_run(acme, state="waiting_approval"), "call_id": "c", "arguments": {}}
    Approval.objects.create(
        **asked,
        tool="<b>pay</b>",
        arguments_hash="h",
        preview='"><i>',
        requested_at=now,
        expires_at=now + timedelta(hours=1),
    )
    text = text_of(admin)
    assert "&lt;b&gt;pay&lt;/b&gt; waits for a yes" in text
    assert "<b>pay" not in text
    assert '"><i>' not in text
