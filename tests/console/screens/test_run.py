"""The page of one run and its verbs."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from agents.models import Approval, Run, StepRow
from budgets.models import Tenant
from tests.console.conftest import AddEvents, MakeRun

pytestmark = pytest.mark.usefixtures("acme", "rung")

MOST_QUERIES = 12


def address(run: Run, verb: str = "") -> str:
    """The run's page, or one of its verbs."""
    return f"/t/acme/runs/{run.pk}/{verb}"


@pytest.fixture
def run(acme: Tenant, make_run: MakeRun, add_events: AddEvents) -> Run:
    """A running run with one LLM call, one tool call that fell back, and one rejected draft."""
    made = make_run(acme, cost_nanos=1_290_000)
    attempt = {"implementation": "live_stock", "status": "failed", "error": "HTTP 503"}
    add_events(
        made,
        ("run.launched", {}),
        ("model.started", {"span": "aa", "llm": "rehearsal:search", "prompt_tokens": 500}),
        (
            "model.ended",
            {"span": "aa", "llm": "rehearsal:search", "status": "ok", "text": "I look.", "ms": 95},
        ),
        ("charge.booked", {"span": "aa", "cost_nanos": 1_290_000, "price_source": "rehearsal list"}),
        ("tool.started", {"span": "bb", "tool": "stock", "call_id": "c1", "arguments": {"sku": "kettle"}}),
        ("attempt.started", {"span": "cc", "parent": "bb", "implementation": "live_stock"}),
        ("attempt.ended", {"span": "cc", "parent": "bb", "ms": 20, **attempt}),
        (
            "tool.fallback",
            {"span": "bb", "tool": "stock", "from": "live_stock", "to": "cached_stock", "error": "503"},
        ),
        (
            "tool.ended",
            {"span": "bb", "tool": "stock", "call_id": "c1", "status": "ok", "output": {"left": 3}, "ms": 30},
        ),
        ("verdict.given", {"accepted": False, "issues": [{"check": "length", "text": "too short"}]}),
    )
    return made


@pytest.fixture
def approval(acme: Tenant, make_run: MakeRun) -> Approval:
    return Approval.objects.create(
        run=make_run(acme, state="waiting_approval"),
        call_id="c9",
        tool="refund",
        arguments={"order_number": 1012},
        arguments_hash="h",
        preview="Refund 49.00 USD",
        requested_at=timezone.now(),
        expires_at=timezone.now() + timedelta(hours=1),
    )


def test_the_page_shows_trace_causes_and_money(acme_viewer: Client, run: Run) -> None:
    page = acme_viewer.get(address(run)).content.decode()
    assert 'id="s-aa"' in page
    assert "live_stock failed" in page
    assert "The critic sent the draft back" in page
    assert "$0.00129" in page
    assert "Rehearsal: no AI" in page


def test_the_page_asks_the_database_a_bounded_number_of_times(
    acme_viewer: Client, run: Run, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    acme_viewer.get(address(run))
    with django_assert_max_num_queries(MOST_QUERIES):
        acme_viewer.get(address(run))


def test_a_step_shows_input_output_attempts_and_cost(acme_viewer: Client, run: Run) -> None:
    tool = acme_viewer.get(address(run), {"step": "bb"}).content.decode()
    llm = acme_viewer.get(address(run), {"step": "aa", "messages": "1"}).content.decode()
    assert "kettle" in tool
    assert "cached_stock" in tool
    assert "HTTP 503" in tool
    assert "I look." in llm
    assert "rehearsal list" in llm
    assert "You read." in llm


def test_htmx_gets_the_step_alone(acme_viewer: Client, run: Run) -> None:
    headers = {"HX-Request": "true", "HX-Target": "section#step"}
    part = acme_viewer.get(address(run), {"step": "bb"}, headers=headers).content.decode()
    assert "<html" not in part
    assert "Step 2" in part


def test_an_unknown_step_is_said_to_be_unknown(acme_viewer: Client, run: Run) -> None:
    assert "no such step" in acme_viewer.get(address(run), {"step": "zz"}).content.decode()


def test_an_unknown_run_is_not_found(acme_viewer: Client) -> None:
    assert acme_viewer.get("/t/acme/runs/nope/").status_code == 404


def test_the_answer_lists_the_sources_it_cites(acme_viewer: Client, acme: Tenant, make_run: MakeRun) -> None:
    run = make_run(acme, state="completed", answer="It is late [1], says [7].")
    content = {"results": [{"source": "policy/late", "cite": 1, "title": "Late parcels"}]}
    message = {"role": "tool", "call_id": "c1", "name": "search", "status": "ok", "content": content}
    StepRow.objects.create(
        run=run,
        number=1,
        turn=1,
        kind="tool",
        schema_version=1,
        output={"kind": "tool", "result": message},
        recorded_at=timezone.now(),
    )
    page = acme_viewer.get(address(run)).content.decode()
    assert "Late parcels" in page
    assert "No tool returned a source of this number" in page


def test_what_an_llm_wrote_is_shown_as_text(
    acme_viewer: Client, acme: Tenant, make_run: MakeRun, add_events: AddEvents
) -> None:
    evil = "<img src=x onerror=alert(1)>"
    run = make_run(acme, state="completed", answer=evil, task=evil, reason=evil)
    add_events(
        run,
        ("model.started", {"span": "aa", "llm": evil}),
        ("model.ended", {"span": "aa", "llm": evil, "status": "failed", "detail": evil, "text": evil}),
    )
    assert "<img src=x" not in acme_viewer.get(address(run), {"step": "aa"}).content.decode()


def test_the_kill_dialog_says_what_will_happen(acme_operator: Client, run: Run) -> None:
    dialog = acme_operator.get(address(run, "kill/"), headers={"HX-Request": "true"}).content.decode()
    assert "Kill run" in dialog
    assert "$0.00129 of $0.10" in dialog
    assert "<html" not in dialog


def test_a_kill_wants_a_reason(acme_operator: Client, run: Run) -> None:
    response = acme_operator.post(address(run, "kill/"), {"reason": " "})
    assert response.status_code == 422
    assert "Say why" in response.content.decode()
    run.refresh_from_db()
    assert run.kill_requested_at is None


def test_a_kill_is_requested_first_and_shown_as_no_more(acme_operator: Client, run: Run) -> None:
    response = acme_operator.post(address(run, "kill/"), {"reason": "burns money"}, headers={"HX-Request": "true"})
    assert response.content == b""
    run.refresh_from_db()
    assert (run.state, run.kill_requested_by, run.kill_reason) == (
        "kill_requested",
        "acme_operator",
        "burns money",
    )
    page = acme_operator.get(address(run)).content.decode()
    assert page.count("not yet") == 2


def test_killing_what_has_ended_says_so(acme_operator: Client, acme: Tenant, make_run: MakeRun) -> None:
    response = acme_operator.post(address(make_run(acme, state="completed"), "kill/"), {"reason": "late"})
    assert response.status_code == 409
    assert "already ended" in response.content.decode()


def test_the_receipt_counts_milliseconds_from_the_request(acme_viewer: Client, acme: Tenant, make_run: MakeRun) -> None:
    asked = timezone.now()
    run = make_run(
        acme,
        state="killed",
        kill_requested_at=asked,
        kill_requested_by="acme_operator",
        kill_acknowledged_at=asked + timedelta(milliseconds=12),
        ended_at=asked + timedelta(milliseconds=48),
    )
    page = acme_viewer.get(address(run)).content.decode()
    assert "12 ms" in page
    assert "48 ms" in page


def test_the_receipt_says_what_was_booked_after_the_click(
    acme_viewer: Client, acme: Tenant, make_run: MakeRun, add_events: AddEvents
) -> None:
    run = make_run(acme, state="killed", kill_requested_at=timezone.now(), kill_requested_by="acme_operator")
    add_events(run, ("charge.booked", {"cost_nanos": 7_000_000}), ("kill.requested", {"by": "acme_operator"}))
    assert "$0.00 booked after the click" in acme_viewer.get(address(run)).content.decode()
    add_events(run, ("charge.booked", {"cost_nanos": 2_000_000}))
    assert "$0.002 booked after the click, for the cut call" in acme_viewer.get(address(run)).content.decode()


def test_pause_and_resume_lead_back_to_the_run(
    acme_operator: Client, acme: Tenant, make_run: MakeRun, rung: list[str]
) -> None:
    run = make_run(acme, state="queued")
    assert acme_operator.post(address(run, "pause/"))["Location"] == address(run)
    Run.objects.filter(pk=run.pk).update(state="paused")
    acme_operator.post(address(run, "resume/"))
    run.refresh_from_db()
    assert run.state == "queued"
    assert rung == [run.pk]


def test_only_deciders_get_the_buttons(acme_operator: Client, acme_approver: Client, approval: Approval) -> None:
    seen_by_operator = acme_operator.get(address(approval.run)).content.decode()
    seen_by_approver = acme_approver.get(address(approval.run)).content.decode()
    assert '<dt>order_number</dt><dd><span class="argument-text">1012</span>' in seen_by_operator
    asks_once_more = f"/approvals/{approval.pk}/word/?decision=approve"
    assert asks_once_more not in seen_by_operator
    assert asks_once_more in seen_by_approver


def test_of_an_output_that_was_cut_the_size_and_digest_of_the_whole_are_shown(
    acme_viewer: Client, acme: Tenant, make_run: MakeRun, add_events: AddEvents
) -> None:
    run, digest = make_run(acme), "a1" * 32
    cut = {"output": "tea…", "output_bytes": 50_000_000, "output_sha256": digest, "kept_characters": 1_048_576}
    add_events(
        run,
        ("tool.started", {"span": "bb", "tool": "stock", "call_id": "c1"}),
        ("tool.ended", {"span": "bb", "tool": "stock", "call_id": "c1", "status": "ok", "ms": 30, **cut}),
    )
    page = acme_viewer.get(address(run), {"step": "bb"}).content.decode()
    assert f"<dt>Output sha256</dt><dd>{digest}</dd>" in page
    assert "<dt>Output bytes</dt><dd>50000000</dd>" in page


@pytest.mark.parametrize(
    ("span", "link"), [("bb", "/t/acme/tools/stock/"), ("aa", "/t/acme/tools/llm/rehearsal:search/")]
)
def test_a_step_leads_to_how_the_tool_or_the_llm_stands_now(
    span: str, link: str, acme_viewer: Client, run: Run
) -> None:
    page = acme_viewer.get(address(run), {"step": span}).content.decode()
    assert f'<a href="{link}">How ' in page


@pytest.mark.parametrize("name", ["../x", "a\nb", "x" * 300, "<b>", "", {"a": 1}])
def test_a_step_of_a_tool_with_an_impossible_name_is_shown_all_the_same(
    name: object, acme: Tenant, make_run: MakeRun, add_events: AddEvents, acme_viewer: Client
) -> None:
    made = make_run(acme)
    add_events(made, ("run.launched", {}), ("call.rejected", {"tool": name, "error_type": "unknown_tool"}))
    assert acme_viewer.get(address(made), {"step": "e2"}).status_code == 200
