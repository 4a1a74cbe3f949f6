"""Killing many runs, standing stops, and their receipts, as pages."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from agents.models import Effect, KillOrder, Run, Switch
from agents.switches import set_switch
from budgets.models import Tenant
from tests.console.conftest import AddEvents, MakeRun

pytestmark = pytest.mark.usefixtures("acme", "rung")

MOST_QUERIES = 12
STOPS = "/t/acme/stops/"
NEW = f"{STOPS}new/"
HTMX = {"HX-Request": "true"}


def fields(client: Client, **asked: Any) -> dict[str, Any]:
    """What the dialog for this would send, but for the reason and the confirmation."""
    form = client.get(NEW, asked, headers=HTMX).context["form"]
    return {**asked, "seen": form["seen"].value()}


def chosen(runs: Sequence[Run]) -> dict[str, Any]:
    return {"kind": "runs", "run": [run.pk for run in runs], "fixed": "1"}


def states(runs: Sequence[Run]) -> set[str]:
    """Where the runs stand now."""
    return set(Run.objects.filter(pk__in=[run.pk for run in runs]).values_list("state", flat=True))


@pytest.fixture
def three(acme: Tenant, make_run: MakeRun) -> list[Run]:
    """Two that work and one that is queued, with an effect in flight."""
    made = [make_run(acme, cost_nanos=2_000_000), make_run(acme, surface="enterprise"), make_run(acme, state="queued")]
    begin_effect(made[0])
    return made


def begin_effect(run: Run, **more: Any) -> Effect:
    usual = {"step": 1, "call_id": "c", "tool_version": "1", "state": "started", "arguments": {}, "epoch": 1}
    given = {"tool": "send_email", "scope": run.pk, "key": "k", "started_at": timezone.now(), **usual, **more}
    return Effect.objects.create(run=run, **given)


def test_the_dialog_says_what_would_be_hit(acme_operator: Client, three: list[Run]) -> None:
    dialog = acme_operator.get(NEW, chosen(three), headers=HTMX).content.decode()
    for words in ("<strong>3</strong> live", "$0.002", "a minute now", "send_email", "reader", "enterprise", "kill 3"):
        assert words in dialog
    assert "<html" not in dialog


def test_several_runs_are_killed_by_one_order_once_the_count_is_typed(acme_operator: Client, three: list[Run]) -> None:
    sent = {**fields(acme_operator, **chosen(three)), "reason": "They go in circles.", "confirm": "kill 3"}
    response = acme_operator.post(NEW, sent, headers=HTMX)
    order = KillOrder.objects.get()
    assert response["HX-Redirect"] == f"{STOPS}{order.pk}/"
    assert (order.runs_count, order.scope, order.actor) == (3, "3 chosen runs", "acme_operator")
    assert states(three) == {"kill_requested", "killed"}


@pytest.mark.parametrize(("reason", "confirm"), [("", "kill 3"), ("why", ""), ("why", "kill 4")])
def test_without_reason_or_count_nothing_is_killed(
    reason: str, confirm: str, acme_operator: Client, three: list[Run]
) -> None:
    sent = {**fields(acme_operator, **chosen(three)), "reason": reason, "confirm": confirm}
    assert acme_operator.post(NEW, sent, headers=HTMX).status_code == 422
    assert not KillOrder.objects.exists()


def test_what_matches_only_since_the_look_is_shown_and_not_killed(
    acme_operator: Client, acme: Tenant, three: list[Run], make_run: MakeRun
) -> None:
    sent = {**fields(acme_operator, kind="filter", q="agent:reader"), "reason": "why", "confirm": "kill 3"}
    late = make_run(acme)
    response = acme_operator.post(NEW, sent, headers=HTMX)
    assert response.status_code == 409
    assert "1 run that was not there before matches now" in response.content.decode()
    assert "kill 4" in response.content.decode()
    assert "kill_requested" not in states([*three, late])


def test_what_has_ended_since_the_look_is_no_matter(acme_operator: Client, three: list[Run]) -> None:
    sent = {**fields(acme_operator, kind="filter", q="agent:reader"), "reason": "why", "confirm": "kill 3"}
    Run.objects.filter(pk=three[2].pk).update(state="completed")
    assert acme_operator.post(NEW, sent, headers=HTMX).status_code == 200
    assert KillOrder.objects.get().runs_count == 2


def test_when_all_have_ended_it_says_so(acme_operator: Client, three: list[Run]) -> None:
    sent = {**fields(acme_operator, **chosen(three)), "reason": "why", "confirm": "kill 3"}
    Run.objects.update(state="completed")
    response = acme_operator.post(NEW, sent, headers=HTMX)
    assert response.status_code == 409
    assert "none of them is live any more" in response.content.decode()


def test_one_run_needs_only_a_reason_and_makes_no_order(acme_operator: Client, three: list[Run]) -> None:
    sent = {**fields(acme_operator, **chosen(three[:1])), "reason": "why"}
    response = acme_operator.post(NEW, sent, headers=HTMX)
    assert (response.status_code, response.content) == (200, b"")
    assert states(three[:1]) == {"kill_requested"}
    assert not KillOrder.objects.exists()


def test_runs_of_another_tenant_are_never_hit(
    acme_operator: Client, globex: Tenant, make_run: MakeRun, three: list[Run]
) -> None:
    foreign = make_run(globex)
    sent = {**fields(acme_operator, **chosen([*three, foreign])), "reason": "why", "confirm": "kill 3"}
    assert foreign.pk not in sent["seen"]
    acme_operator.post(NEW, {**sent, "seen": f"{sent['seen']},{foreign.pk}", "confirm": "kill 4"}, headers=HTMX)
    assert states([foreign]) == {"running"}


def test_the_scopes_begin_with_what_the_page_shows(acme_operator: Client, three: list[Run]) -> None:
    run_page = {**HTMX, "HX-Current-URL": f"http://testserver/t/acme/runs/{three[0].pk}/"}
    on_run = acme_operator.get(NEW, headers=run_page)
    assert [choice.kind for choice in on_run.context["choices"]][:2] == ["runs", "surface"]
    assert on_run.context["look"].hits.ids == [three[0].pk]
    filtered = {**HTMX, "HX-Current-URL": "http://testserver/t/acme/runs/?q=surface:enterprise"}
    assert acme_operator.get(NEW, headers=filtered).context["look"].hits.ids == [three[1].pk]


def test_a_stop_kills_what_runs_there_and_stands_on_every_page(acme_operator: Client, three: list[Run]) -> None:
    sent = {**fields(acme_operator, kind="agent", agent="reader"), "reason": "It loops.", "confirm": "stop 3"}
    response = acme_operator.post(NEW, sent, headers=HTMX)
    switch = Switch.objects.on().get()
    assert response["HX-Redirect"] == f"{STOPS}{switch.order_id}/"
    assert "running" not in states(three)
    for page in ("/t/acme/runs/", "/t/acme/budgets/", "/t/acme/runs/new/", f"/t/acme/runs/{three[0].pk}/"):
        assert "Stopped: the agent reader" in acme_operator.get(page).content.decode()


def test_a_stop_that_hits_nothing_leads_to_the_stops(acme_operator: Client, agent: object) -> None:
    del agent
    sent = {**fields(acme_operator, kind="agent", agent="reader"), "reason": "It loops."}
    assert acme_operator.post(NEW, sent, headers=HTMX)["HX-Redirect"] == STOPS
    assert "the agent reader" in acme_operator.get(STOPS).content.decode()


def test_a_stop_that_was_said_to_hit_one_run_asks_again_when_it_hits_more(
    acme_operator: Client, acme: Tenant, make_run: MakeRun
) -> None:
    make_run(acme)
    sent = {**fields(acme_operator, kind="agent", agent="reader"), "reason": "It loops."}
    make_run(acme)
    assert acme_operator.post(NEW, sent, headers=HTMX).status_code == 409
    assert not Switch.objects.exists()


def test_what_is_stopped_already_is_not_stopped_twice(acme_operator: Client, acme: Tenant) -> None:
    sent = {**fields(acme_operator, kind="agent", agent="reader"), "reason": "It loops."}
    set_switch(reach="agent", actor="acme_admin", reason="I was faster.", tenant=acme, name="reader")
    assert "I was faster." in acme_operator.get(NEW, {"kind": "agent", "agent": "reader"}).content.decode()
    response = acme_operator.post(NEW, sent, headers=HTMX)
    assert response.status_code == 409
    assert "I was faster." in response.content.decode()
    assert Switch.objects.count() == 1


def test_lifting_wants_a_reason_and_is_kept(acme_operator: Client, acme: Tenant) -> None:
    switch = set_switch(reach="agent", actor="acme_operator", reason="drill", tenant=acme, name="reader")
    where = f"{STOPS}switches/{switch.pk}/lift/"
    assert "can be launched again" in acme_operator.get(where, headers=HTMX).content.decode()
    assert acme_operator.post(where, {"reason": " "}, headers=HTMX).status_code == 422
    assert acme_operator.post(where, {"reason": "The drill is over."}, headers=HTMX)["HX-Redirect"] == STOPS
    assert not Switch.objects.on().exists()
    assert "The drill is over." in acme_operator.get(STOPS).content.decode()
    assert acme_operator.post(where, {"reason": "again"}, headers=HTMX).status_code == 409


def killed_by(order: KillOrder, run: Run, **more: Any) -> Run:
    """Make the run one that this order has killed."""
    at = order.requested_at
    given = {"kill_order": order, "kill_requested_at": at, "kill_requested_by": order.actor, **more}
    Run.objects.filter(pk=run.pk).update(**given)
    run.refresh_from_db()
    return run


@pytest.fixture
def order(acme: Tenant) -> KillOrder:
    at = timezone.now() - timedelta(seconds=10)
    return KillOrder.objects.create(
        tenant=acme, scope="3 chosen runs", actor="acme_operator", reason="loops", requested_at=at, runs_count=3
    )


def test_the_receipt_counts_only_what_is_so(
    acme_operator: Client, order: KillOrder, three: list[Run], add_events: AddEvents
) -> None:
    at = order.requested_at
    heard, silent, queued = three
    ended = {"kill_acknowledged_at": at + timedelta(milliseconds=12), "ended_at": at + timedelta(milliseconds=48)}
    killed_by(order, heard, state="killed", **ended)
    killed_by(order, silent, state="kill_requested", lease_expires_at=timezone.now() + timedelta(seconds=12))
    killed_by(order, queued, state="killed", ended_at=at)
    add_events(heard, ("charge.booked", {"cost_nanos": 5_000_000}), ("kill.requested", {}))
    add_events(heard, ("charge.booked", {"cost_nanos": 2_000_000}), ("run.ended", {"by": "worker"}))
    add_events(queued, ("kill.requested", {}), ("run.ended", {"by": "kill"}))
    response = acme_operator.get(f"{STOPS}{order.pk}/")
    receipt = response.context["receipt"]
    assert (receipt.requested, receipt.acknowledged, receipt.held, receipt.stopped) == (3, 1, 2, 2)
    assert receipt.times == [("acknowledged", 12, 12, 12), ("stopped", 0, 48, 48)]
    assert receipt.after.nanos == 2_000_000
    assert [part.name for part in receipt.after.open] == ["send_email"]
    page = response.content.decode()
    assert "Its worker does not answer." in page
    assert f"/stops/runs/{silent.pk}/end/" in page
    assert 'data-live-every="1"' in page


def test_a_receipt_that_is_complete_is_not_read_again(acme_viewer: Client, order: KillOrder, three: list[Run]) -> None:
    for run in three:
        killed_by(order, run, state="killed", ended_at=timezone.now())
    page = acme_viewer.get(f"{STOPS}{order.pk}/").content.decode()
    assert "data-live-every" not in page
    assert "Not stopped yet" not in page


def test_effects_that_came_to_an_end_after_the_click_are_named(
    acme_viewer: Client, order: KillOrder, three: list[Run]
) -> None:
    killed_by(order, three[1], state="killed", ended_at=timezone.now())
    after, before = order.requested_at + timedelta(seconds=1), order.requested_at - timedelta(seconds=1)
    begin_effect(three[1], tool="refund", key="a", state="succeeded", ended_at=after)
    begin_effect(three[1], tool="note", key="b", state="succeeded", ended_at=before)
    begin_effect(three[1], tool="letter", key="c", state="unknown")
    found = acme_viewer.get(f"{STOPS}{order.pk}/").context["receipt"].after
    assert ([part.name for part in found.finished], [part.name for part in found.open]) == (["refund"], ["letter"])


def test_a_deaf_run_is_ended_by_hand(
    acme_operator: Client, order: KillOrder, three: list[Run], add_events: AddEvents
) -> None:
    deaf = killed_by(order, three[0], state="kill_requested", lease_expires_at=timezone.now() + timedelta(seconds=20))
    add_events(deaf, ("kill.requested", {}))
    where = f"{STOPS}runs/{deaf.pk}/end/"
    dialog = acme_operator.get(where, headers=HTMX).content.decode()
    for words in ("Its worker does not answer.", "charged in full", "send_email", "may still happen at the far end"):
        assert words in dialog
    assert acme_operator.post(where, {"reason": ""}, headers=HTMX).status_code == 422
    assert acme_operator.post(where, {"reason": "It hangs."}, headers=HTMX).content == b""
    assert states([deaf]) == {"killed"}
    page = acme_operator.get(f"/t/acme/runs/{deaf.pk}/").content.decode()
    assert "Ended by an operator, without its worker." in page
    assert "May still happen at the far end" in page
    assert acme_operator.post(where, {"reason": "again"}, headers=HTMX).status_code == 409


def test_a_run_killed_a_moment_ago_is_not_ended_by_hand(acme_operator: Client, three: list[Run]) -> None:
    Run.objects.filter(pk=three[0].pk).update(state="kill_requested", kill_requested_at=timezone.now())
    response = acme_operator.post(f"{STOPS}runs/{three[0].pk}/end/", {"reason": "at once"}, headers=HTMX)
    assert response.status_code == 409
    assert states(three[:1]) == {"kill_requested"}


def test_an_order_over_all_tenants_shows_each_only_its_own(
    acme_viewer: Client, acme: Tenant, globex: Tenant, make_run: MakeRun, signed_in: Any
) -> None:
    own, foreign = make_run(acme), make_run(globex)
    order = set_switch(reach="everything", actor="admin", reason="A hole in the fetcher.").order
    assert order is not None
    page = acme_viewer.get(f"{STOPS}{order.pk}/").content.decode()
    assert own.short in page
    assert foreign.short not in page
    assert foreign.short in signed_in("admin").get(f"{STOPS}{order.pk}/").content.decode()


def test_an_order_of_another_tenant_is_not_found(globex_operator: Client, order: KillOrder) -> None:
    assert globex_operator.get(f"/t/globex/stops/{order.pk}/").status_code == 404


def test_what_people_write_is_shown_as_text(acme_operator: Client, acme: Tenant) -> None:
    set_switch(reach="agent", actor="x", reason="<img src=x onerror=alert(1)>", tenant=acme, name="<b>reader</b>")
    for page in (STOPS, "/t/acme/runs/", NEW):
        shown = acme_operator.get(page).content.decode()
        assert "<img src=x" not in shown
        assert "<b>reader" not in shown


@pytest.mark.parametrize("runs", [1, 60])
def test_the_pages_ask_few_questions_however_many_runs_there_are(
    runs: int,
    acme: Tenant,
    acme_operator: Client,
    order: KillOrder,
    make_run: MakeRun,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    set_switch(reach="surface", actor="a", reason="r", tenant=acme, surface=acme.surfaces.first())
    for _ in range(runs):
        killed_by(order, make_run(acme), state="kill_requested", lease_expires_at=timezone.now())
        make_run(acme)
    for address in (STOPS, f"{STOPS}{order.pk}/", f"{NEW}?kind=filter", "/t/acme/runs/", "/t/acme/runs/?sort=-cost"):
        with django_assert_max_num_queries(MOST_QUERIES):
            acme_operator.get(address)


def test_rows_can_be_chosen_by_everybody_and_killed_by_those_who_may(
    acme_viewer: Client, acme_operator: Client, acme: Tenant, make_run: MakeRun
) -> None:
    live, ended = make_run(acme), make_run(acme, state="completed")
    page = acme_operator.get("/t/acme/runs/").content.decode()
    assert f'value="{live.pk}" id="pick-{live.pk}"' in page
    assert f"pick-{ended.pk}" in page
    assert "Select all 1 live" in page
    assert "data-pick-kill" in page
    looked = acme_viewer.get("/t/acme/runs/").content.decode()
    assert "data-pick-compare" in looked
    assert "data-pick-kill" not in looked
