"""The list of runs."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from budgets.models import Account, Tenant
from console.screens.runs.query import parse
from console.screens.runs.selectors import PAGE_ROWS, runs_page, spent_today, summary
from tests.console.conftest import AddEvents, MakeRun

MOST_QUERIES = 13
ADDRESS = "/t/acme/runs/"


def listed(tenant: Tenant, text: str = "", **more: str | int) -> list[str]:
    """The ids of the first page that a filter text selects."""
    page = runs_page(tenant=tenant, query=parse(text), **more).page  # type: ignore[arg-type]  # order and number
    return [run.pk for run in page.object_list]


def test_live_runs_come_first_worst_first_then_the_newest(acme: Tenant, make_run: MakeRun) -> None:
    ended = make_run(acme, state="failed", severity=3)
    calm = make_run(acme, severity=0)
    burning = make_run(acme, severity=3)
    newest = make_run(acme, state="completed")
    assert listed(acme) == [burning.pk, calm.pk, newest.pk, ended.pk]


def test_pages_cut_across_live_and_ended_runs(acme: Tenant, make_run: MakeRun) -> None:
    live = [make_run(acme).pk for _ in range(3)]
    ended = [make_run(acme, state="completed").pk for _ in range(PAGE_ROWS)]
    assert listed(acme) == [*reversed(live), *list(reversed(ended))[: PAGE_ROWS - 3]]
    assert listed(acme, number=2) == list(reversed(ended))[PAGE_ROWS - 3 :]
    assert listed(acme, number="nonsense") == listed(acme)


def test_runs_of_other_tenants_are_never_listed(acme: Tenant, globex: Tenant, make_run: MakeRun) -> None:
    make_run(globex)
    assert listed(acme) == []


def test_each_filter_selects_its_runs(acme: Tenant, make_run: MakeRun) -> None:
    failed = make_run(acme, state="failed", user="mara", surface="enterprise", reason="the vendor was away")
    dear = make_run(acme, cost_nanos=80_000_000)
    waiting = make_run(acme, state="waiting_approval", session="s1", llm="openai:gpt-6-luna")
    assert listed(acme, "status:failed") == [failed.pk]
    assert listed(acme, "status:live") == [waiting.pk, dear.pk]
    assert listed(acme, "status:waiting,failed") == [waiting.pk, failed.pk]
    assert listed(acme, "cost:>80%") == [dear.pk]
    assert listed(acme, "cost:<80% surface:enterprise") == [failed.pk]
    assert listed(acme, "user:mara") == [failed.pk]
    assert listed(acme, "session:s1 llm:openai:gpt-6-luna") == [waiting.pk]
    assert listed(acme, "agent:reader vendor") == [failed.pk]
    assert listed(acme, waiting.short) == [waiting.pk]
    assert listed(acme, "agent:other") == []


def test_since_counts_back_from_now(acme: Tenant, make_run: MakeRun) -> None:
    old, fresh = make_run(acme), make_run(acme)
    type(old).objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(hours=2))
    assert listed(acme, "since:1h") == [fresh.pk]


def test_a_tool_is_looked_for_in_the_trace(acme: Tenant, make_run: MakeRun, add_events: AddEvents) -> None:
    caller = make_run(acme)
    make_run(acme)
    add_events(caller, ("tool.started", {"tool": "refund"}))
    assert listed(acme, "tool:refund") == [caller.pk]


def test_a_nul_in_the_filter_is_no_text(acme_viewer: Client) -> None:
    assert acme_viewer.get(ADDRESS, {"q": "a\x00b user:\x00"}).status_code == 200


@pytest.mark.parametrize("text", ["status:purple", "cost:much", "since:yesterday"])
def test_a_value_that_makes_no_sense_selects_nothing_and_says_why(text: str, acme: Tenant, make_run: MakeRun) -> None:
    make_run(acme)
    found = runs_page(tenant=acme, query=parse(text))
    assert len(found.page.object_list) == 0
    assert found.problems


@pytest.mark.parametrize("order", ["cost", "-cost", "steps", "-errors", "age", "-age", "nonsense"])
def test_every_order_has_a_page(order: str, acme_viewer: Client, acme: Tenant, make_run: MakeRun) -> None:
    make_run(acme, cost_nanos=5)
    make_run(acme, cost_nanos=7)
    assert acme_viewer.get(ADDRESS, {"sort": order}).status_code == 200


def test_the_page_asks_the_database_at_most_thirteen_times(
    acme_viewer: Client,
    acme: Tenant,
    make_run: MakeRun,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(20):
        make_run(acme)
        make_run(acme, state="failed")
    with django_assert_max_num_queries(MOST_QUERIES):
        acme_viewer.get(ADDRESS)


def test_three_empty_pages_say_three_things(acme_viewer: Client, acme: Tenant, make_run: MakeRun) -> None:
    none_yet = acme_viewer.get(ADDRESS).content.decode()
    make_run(acme, state="completed")
    filtered_out = acme_viewer.get(ADDRESS, {"q": "status:killed"}).content.decode()
    assert "No runs yet" in none_yet
    assert "No run matches" in filtered_out
    assert "Not connected" in none_yet
    assert "Not connected" in filtered_out


def test_only_those_who_may_kill_see_the_button(
    acme_viewer: Client, acme_operator: Client, acme: Tenant, make_run: MakeRun
) -> None:
    make_run(acme)
    assert "Kill…" not in acme_viewer.get(ADDRESS).content.decode()
    assert "Kill…" in acme_operator.get(ADDRESS).content.decode()


def test_what_agents_write_is_shown_as_text(acme_viewer: Client, acme: Tenant, make_run: MakeRun) -> None:
    make_run(acme, doing="<script>alert(1)</script>", user='"><img src=x>')
    page = acme_viewer.get(ADDRESS).content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_the_figures_count_what_they_say(acme: Tenant, make_run: MakeRun) -> None:
    make_run(acme)
    make_run(acme, state="waiting_approval")
    make_run(acme, state="failed")
    make_run(acme, state="failed", ended_at=timezone.now() - timedelta(hours=2))
    found = summary(acme)
    assert (found.total, found.running, found.waiting, found.failed_last_hour) == (4, 1, 1, 1)


def test_spent_today_is_the_account_of_the_tenants_day(acme: Tenant) -> None:
    assert spent_today(acme).spent_nanos == 0
    now = timezone.now()
    Account.objects.create(
        tenant=acme,
        scope="tenant_day",
        window="today",
        window_start_at=now - timedelta(hours=1),
        window_end_at=now + timedelta(hours=1),
        limit_nanos=10,
        topped_up_nanos=5,
        spent_nanos=3,
        held_nanos=2,
    )
    found = spent_today(acme)
    assert (found.spent_nanos, found.held_nanos, found.limit_nanos) == (3, 2, 15)


def test_a_row_without_a_reason_says_how_its_task_begins(acme_viewer: Client, acme: Tenant, make_run: MakeRun) -> None:
    make_run(acme, state="completed", task="Where is order 1029? " + "x" * 1000)
    page = acme_viewer.get(ADDRESS).content.decode()
    assert "Where is order 1029?" in page
    assert "x" * 200 not in page
