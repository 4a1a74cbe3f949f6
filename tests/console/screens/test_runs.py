"""The list of runs."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from agents.contracts.ids import new_run_id
from agents.models import Run
from budgets.models import Account, Tenant
from console.models import User
from console.screens.runs.around import around
from console.screens.runs.found import MOST_COUNTED, PAGE_ROWS
from console.screens.runs.query import parse
from console.screens.runs.selectors import RunsPage, runs_page
from tests.console.conftest import AddEvents, MakeRun

MOST_QUERIES = 12
ADDRESS = "/t/acme/runs/"


def listed(tenant: Tenant, text: str = "", **more: str | int) -> list[str]:
    """The ids of the first page that a filter text selects."""
    return [row.run.pk for row in page_of(tenant, text, **more).rows]


def page_of(tenant: Tenant, text: str = "", **more: str | int) -> RunsPage:
    found = {"tenant": tenant, "query": parse(text), "now": timezone.now(), **more}
    return runs_page(**found)  # type: ignore[arg-type]  # order and number


def test_live_runs_come_first_worst_first_then_the_newest(acme: Tenant, make_run: MakeRun) -> None:
    ended = make_run(acme, state="failed", severity=3)
    calm = make_run(acme, severity=0)
    burning = make_run(acme, severity=3)
    newest = make_run(acme, state="completed")
    assert listed(acme) == [burning.pk, calm.pk, newest.pk, ended.pk]


def test_among_equally_bad_ones_those_come_first_that_meet_their_cap_soonest(acme: Tenant, make_run: MakeRun) -> None:
    idle = make_run(acme, state="waiting_approval", cost_nanos=99_000_000)
    slow = make_run(acme, cost_nanos=10_000_000)
    fast = make_run(acme, cost_nanos=90_000_000)
    worst = make_run(acme, severity=3)
    assert listed(acme) == [worst.pk, fast.pk, slow.pk, idle.pk]


def test_a_live_row_says_what_it_spends_a_minute_and_when_it_meets_its_cap(
    acme_viewer: Client, acme: Tenant, make_run: MakeRun
) -> None:
    run = make_run(acme, cost_nanos=50_000_000)
    page = acme_viewer.get(ADDRESS).content.decode()
    assert f'id="r-{run.pk}-rate">$0.' in page
    assert f'id="r-{run.pk}-left" class="tone" data-tone="bad">' in page


def test_pages_cut_across_live_and_ended_runs(acme: Tenant, make_run: MakeRun) -> None:
    live = [make_run(acme).pk for _ in range(3)]
    ended = [make_run(acme, state="completed").pk for _ in range(PAGE_ROWS)]
    assert listed(acme) == [*reversed(live), *list(reversed(ended))[: PAGE_ROWS - 3]]
    assert listed(acme, number=2) == list(reversed(ended))[PAGE_ROWS - 3 :]
    assert listed(acme, number=99) == listed(acme, number=2)


def test_runs_of_other_tenants_are_never_listed(acme: Tenant, globex: Tenant, make_run: MakeRun) -> None:
    make_run(globex)
    assert listed(acme) == []


def test_each_filter_selects_its_runs(acme: Tenant, make_run: MakeRun) -> None:
    failed = make_run(acme, state="failed", user="mara", surface="enterprise", reason="the vendor was away")
    dear = make_run(acme, cost_nanos=80_000_000)
    waiting = make_run(acme, state="waiting_approval", session="s1", llm="openai:gpt-6-luna")
    assert listed(acme, "status:failed") == [failed.pk]
    assert listed(acme, "status:live") == [dear.pk, waiting.pk]
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
    found = page_of(acme, text)
    assert found.rows == []
    assert found.problems


@pytest.mark.parametrize("order", ["cost", "-cost", "steps", "-errors", "age", "-age", "nonsense"])
def test_every_order_has_a_page(order: str, acme_viewer: Client, acme: Tenant, make_run: MakeRun) -> None:
    make_run(acme, cost_nanos=5)
    make_run(acme, cost_nanos=7)
    assert acme_viewer.get(ADDRESS, {"sort": order}).status_code == 200


def test_the_page_asks_the_database_at_most_twelve_times(
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
    in_a_view = acme_viewer.get(ADDRESS, {"view": "stuck"}).content.decode()
    assert "No runs yet" in none_yet
    assert "<p>No event for three minutes, or a minute in the queue.</p>" in in_a_view
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


def test_the_figures_count_what_they_say(acme_viewer: Client, acme: Tenant, make_run: MakeRun) -> None:
    make_run(acme)
    make_run(acme, state="waiting_approval")
    make_run(acme, state="failed")
    make_run(acme, state="failed", ended_at=timezone.now() - timedelta(hours=2))
    page = acme_viewer.get(ADDRESS).context
    assert (page["figures"].running, page["figures"].waiting, page["failed_last_hour"]) == (1, 1, 1)


def test_spent_today_is_the_account_of_the_tenants_day(acme: Tenant, cast: dict[str, User]) -> None:
    now = timezone.now()
    assert around(acme, cast["acme_viewer"], now).today.spent_nanos == 0
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
    found = around(acme, cast["acme_viewer"], now).today
    assert (found.spent_nanos, found.held_nanos, found.limit_nanos) == (3, 2, 15)


def test_runs_are_counted_up_to_a_bound(acme: Tenant, make_run: MakeRun) -> None:
    first = make_run(acme, state="completed")
    copies = [Run(**{**row, "id": new_run_id()}) for row in [_columns(first)] * MOST_COUNTED]
    Run.objects.bulk_create(copies)
    assert page_of(acme).part.count_words == "500+"
    assert page_of(acme, first.short).part.count_words == "1"


def _columns(run: Run) -> dict[str, Any]:
    return {field.attname: getattr(run, field.attname) for field in Run._meta.concrete_fields}


def test_a_row_without_a_reason_says_how_its_task_begins(acme_viewer: Client, acme: Tenant, make_run: MakeRun) -> None:
    make_run(acme, state="completed", task="Where is order 1029? " + "x" * 1000)
    page = acme_viewer.get(ADDRESS).content.decode()
    assert "Where is order 1029?" in page
    assert "x" * 200 not in page


def test_a_search_looks_at_the_newest_runs_and_says_so(
    acme_viewer: Client, acme: Tenant, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.screens.runs.reach.NEWEST", 2)
    old = make_run(acme, state="completed", task="find the parcel")
    live = make_run(acme, task="find the parcel too")
    new = make_run(acme, state="completed", task="find another parcel")
    found = acme_viewer.get(ADDRESS, {"q": "parcel"})
    assert [each.run.pk for each in found.context["table"].listed] == [live.pk, new.pk]
    assert "Looked at all live runs and the newest 2." in found.content.decode()
    assert old.pk in acme_viewer.get(ADDRESS, {"q": "parcel", "whole": "1"}).content.decode()
