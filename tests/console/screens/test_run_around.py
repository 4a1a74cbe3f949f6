"""What stands around a run: its first cause, other runs alike, its usual cost, its price, and who did what on it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from agents.models import LinkTrouble, Run
from budgets.actions import note
from budgets.models import Account, Hold, Tenant
from budgets.pricing import Rates, Usage, cost_nanos
from console.screens.run.affected import MOST_COUNTED, Others, affected_by
from console.screens.run.price import parts_of
from console.screens.run.usual import compared, usual_of
from console.screens.run.why import Finding, Severity, first_cause
from tests.console.conftest import AddEvents, MakeRun
from tests.console.long_run import write_turns

pytestmark = pytest.mark.usefixtures("acme", "rung")

MOST_QUERIES = 12
STOCK = "stock/live_stock"
ALIKE = 'status:failed,dead,refused,degraded,flagged error:"The stock service is down: no answer." since:24h'


def address(run: Run, part: str = "") -> str:
    return f"/t/acme/runs/{run.pk}/{part}"


@pytest.fixture
def failed(acme: Tenant, make_run: MakeRun, add_events: AddEvents) -> Run:
    """A run whose tool failed and which failed by it; the tool's trouble is written down."""
    run = make_run(acme, state="failed", severity=3, reason="The stock service is down: no answer.", cost_nanos=9_000)
    attempt = {"implementation": "live_stock", "status": "failed", "error": "HTTP 503"}
    add_events(
        run,
        ("model.started", {"span": "aa", "llm": "rehearsal:search"}),
        ("model.ended", {"span": "aa", "llm": "rehearsal:search", "status": "ok", "text": "I look.", "ms": 95}),
        ("charge.booked", {"span": "aa", "cost_nanos": 9_000, "run_cost_nanos": 9_000, "hold": "h1"}),
        ("tool.started", {"span": "bb", "tool": "stock", "call_id": "c1", "arguments": {"sku": "kettle"}}),
        ("attempt.started", {"span": "cc", "parent": "bb", "implementation": "live_stock"}),
        ("attempt.ended", {"span": "cc", "parent": "bb", "ms": 20, **attempt}),
        ("tool.ended", {"span": "bb", "tool": "stock", "call_id": "c1", "status": "degraded", "ms": 30}),
        ("run.ended", {"state": "failed", "reason": run.reason}),
    )
    trouble(acme, run)
    return run


def trouble(tenant: Tenant, run: Run) -> None:
    LinkTrouble.objects.create(tenant=tenant, run_id=run.pk, link=STOCK, what="failed")
    Run.objects.filter(pk=run.pk).update(created_at=timezone.now() - timedelta(minutes=1))
    run.refresh_from_db()


def test_what_failed_goes_before_what_warned_and_what_somebody_said() -> None:
    told: list[tuple[Severity, int]] = [("warn", 1), ("bad", 5), ("bad", 9)]
    warned, bad, later = (Finding(tone, "x", "", seq, step_id=f"e{seq}") for tone, seq in told)
    without_row = Finding("bad", "x", "", 0)
    assert first_cause([without_row, warned, bad, later]) == bad
    assert first_cause([without_row]) is None


def test_a_run_that_failed_is_open_at_its_first_cause(acme_viewer: Client, failed: Run) -> None:
    page = acme_viewer.get(address(failed)).content.decode()
    assert "Step 2</h2>" in page
    assert "kettle" in page
    closed = acme_viewer.get(address(failed), {"step": ""}).content.decode()
    assert "Step 2</h2>" not in closed


def test_a_run_that_goes_well_is_open_at_no_step(acme_viewer: Client, acme: Tenant, make_run: MakeRun) -> None:
    assert "Choose a step" in acme_viewer.get(address(make_run(acme))).content.decode()


def test_a_long_run_is_open_at_a_first_cause_far_from_its_end(
    acme_viewer: Client,
    acme: Tenant,
    make_run: MakeRun,
    add_events: AddEvents,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    run = make_run(acme, state="killed", severity=3, kill_requested_at=timezone.now())
    write_turns(run, 300)
    add_events(run, ("kill.requested", {"by": "ada"}), ("run.ended", {"state": "killed", "by": "worker"}))
    acme_viewer.get(address(run))
    with django_assert_max_num_queries(MOST_QUERIES):
        page = acme_viewer.get(address(run)).content.decode()
    assert "Step 100</h2>" in page
    with django_assert_max_num_queries(MOST_QUERIES):
        acme_viewer.get(address(run), {"step": f"{9:08x}m"})


def test_the_verbs_that_help_stand_beside_the_causes(acme_operator: Client, acme_viewer: Client, failed: Run) -> None:
    page = acme_operator.get(address(failed)).content.decode()
    for verb in (
        "/t/acme/tools/stock/",
        "kind=tool&amp;tool=stock",
        "kind=agent&amp;agent=reader",
        address(failed, "retry/"),
    ):
        assert verb in page
    seen_by_viewer = acme_viewer.get(address(failed)).content.decode()
    assert "/t/acme/tools/stock/" in seen_by_viewer
    assert "stops/new" not in seen_by_viewer


def test_the_cap_of_a_run_at_work_is_raised_by_those_who_may(
    acme_operator: Client, acme_approver: Client, acme: Tenant, make_run: MakeRun
) -> None:
    run = make_run(acme)
    account = Account.objects.create(tenant=acme, scope="run", subject=run.pk, limit_nanos=1, first_limit_nanos=1)
    dialog = f"/t/acme/budgets/{account.pk}/top-up/?run={run.pk}"
    assert dialog in acme_approver.get(address(run)).content.decode()
    assert dialog not in acme_operator.get(address(run)).content.decode()
    assert acme_approver.get(dialog, headers={"HX-Request": "true"}).status_code == 200


def test_other_runs_with_the_same_tool_error_or_version_are_counted_with_their_filter(
    acme: Tenant, globex: Tenant, make_run: MakeRun, failed: Run
) -> None:
    for _ in range(3):
        trouble(acme, make_run(acme))
    make_run(acme, state="failed", severity=3, reason=failed.reason)
    trouble(globex, make_run(globex, severity=3, reason=failed.reason))
    found = {each.words: (each.count, each.q) for each in affected_by(failed)}
    assert found == {
        "met the trouble of stock": (3, "trouble:stock/live_stock since:24h"),
        "ended for the same reason": (1, ALIKE),
        "of reader v1 had trouble too": (1, "version:reader@1 severity:warn,bad since:24h"),
    }


def test_the_list_behind_a_count_has_just_the_counted_runs_and_this_one(
    acme_viewer: Client, acme: Tenant, make_run: MakeRun, add_events: AddEvents, failed: Run
) -> None:
    for _ in range(2):
        trouble(acme, make_run(acme))
    warned = make_run(acme, severity=2)
    add_events(warned, ("tool.started", {"span": "bb", "tool": "stock", "call_id": "c1", "arguments": {}}))
    make_run(acme, state="killed", reason=failed.reason)
    for others in affected_by(failed):
        listed = acme_viewer.get("/t/acme/runs/", {"q": others.q}).context["table"].listed
        assert len(listed) == others.count + 1, others.q
        assert failed in [each.run for each in listed]


def test_a_count_has_a_bound() -> None:
    assert Others(MOST_COUNTED + 1, "", "").counted == "500+"


@pytest.mark.parametrize(("costs", "tenths"), [([100] * 4, None), ([0] * 9, None), ([100] * 9, 34)])
def test_a_cost_is_compared_with_the_median_of_enough_runs(costs: list[int], tenths: int | None) -> None:
    found = compared(340, costs)
    assert (found.tenths if found else None) == tenths


def test_a_dear_run_says_where_it_passed_its_usual_cost(acme: Tenant, make_run: MakeRun, failed: Run) -> None:
    for _ in range(5):
        make_run(acme, state="completed", cost_nanos=3_000)
    usual = usual_of(failed)
    assert usual is not None
    assert (usual.times, usual.dear, usual.row, usual.turn) == ("3.0", True, "aa", 1)


def test_what_is_affected_and_who_did_what_come_in_few_queries(
    acme_viewer: Client,
    globex_operator: Client,
    acme: Tenant,
    make_run: MakeRun,
    failed: Run,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    trouble(acme, make_run(acme))
    note(actor="ada", verb="run.kill", target="run", tenant=acme, run_id=failed.pk, reason="<b>burns</b>")
    with django_assert_max_num_queries(MOST_QUERIES):
        affected = acme_viewer.get(address(failed, "affected/")).content.decode()
    with django_assert_max_num_queries(MOST_QUERIES):
        record = acme_viewer.get(address(failed, "record/")).content.decode()
    assert "<strong>1</strong> other run</a> met the trouble of stock" in affected
    assert "&lt;b&gt;burns&lt;/b&gt;" in record
    for part in ("affected/", "record/"):
        assert globex_operator.get(address(failed, part)).status_code == 404


def test_the_parts_of_a_price_add_up_to_the_cost() -> None:
    usage, rates = (
        Usage(1_000_000, 2_000_000, cache_read_tokens=400_000),
        Rates.flat(input=10, output=20, per_request=7),
    )
    parts = parts_of(usage, rates)
    assert [(part.what, part.tokens) for part in parts] == [
        ("input", 600_000),
        ("cached input", 400_000),
        ("output", 2_000_000),
        ("the request", None),
    ]
    assert sum(part.nanos for part in parts) == cost_nanos(usage, rates)


def test_a_step_shows_the_rates_of_its_price(acme: Tenant, acme_viewer: Client, failed: Run) -> None:
    price = {"rates": Rates.flat(input=3_000_000_000, output=1).as_json(), "source": "list", "version": "7"}
    fields = {"usage": Usage(3, 0).as_json(), "settled_nanos": 9_000, "state": "settled", "price": price}
    now = timezone.now()
    Hold.objects.create(
        id="h1", tenant=acme, run_id=failed.pk, step=1, llm="x", amount_nanos=1, opened_at=now, closed_at=now, **fields
    )
    headers = {"HX-Request": "true", "HX-Target": "div#step-price"}
    part = acme_viewer.get(address(failed), {"step": "aa", "price": "1"}, headers=headers).content.decode()
    assert "$3.00 /M" in part
    assert "By the price of list, version 7." in part


def test_a_value_is_taken_as_a_file(acme_viewer: Client, globex_operator: Client, failed: Run) -> None:
    response = acme_viewer.get(address(failed, "values/bb/input/"))
    assert response.json() == {"sku": "kettle"}
    assert response["Content-Disposition"] == f'attachment; filename="run-{failed.short}-step-2-input.json"'
    assert acme_viewer.get(address(failed, "values/bb/text/")).status_code == 404
    assert acme_viewer.get(address(failed, "values/zz/input/")).status_code == 404
    assert globex_operator.get(address(failed, "values/bb/input/")).status_code == 404
