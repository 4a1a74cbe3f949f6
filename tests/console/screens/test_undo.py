"""Undo is offered where it leaves everything as it was, and does just that; else it says why not."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from agents.models import Run, Switch, ToolHealth
from agents.switches import lift, set_switch
from budgets.models import Action, Tenant
from tests.console.conftest import MakeRun, SignedIn

pytestmark = pytest.mark.usefixtures("acme", "rung")
STOPS = "/t/acme/stops/"
UNDO = 'data-key="z">Undo'


def undo(client: Client, switch: Switch) -> str:
    """Press the button; what the next page says."""
    answer = client.post(f"{STOPS}switches/{switch.pk}/undo/", follow=True)
    return answer.content.decode()


@pytest.fixture
def idle_stop(acme: Tenant) -> Switch:
    """A stop of an agent of which nothing ran."""
    return set_switch(reach="agent", actor="acme_operator", reason="Drill.", tenant=acme, name="reader")


def test_a_stop_that_killed_nothing_is_set_with_a_way_back(acme_operator: Client, agent: Any) -> None:
    asked = {"kind": "agent", "agent": agent.name}
    answer = acme_operator.post(f"{STOPS}new/", {**asked, "reason": "Drill.", "seen": ""}, follow=True)
    switch = Switch.objects.get()
    page = answer.content.decode()
    assert f"{STOPS}switches/{switch.pk}/undo/" in page
    assert UNDO in page
    assert "is lifted" in undo(acme_operator, switch)
    switch.refresh_from_db()
    assert switch.lifted_by == "acme_operator"
    assert Action.objects.filter(verb="switch.lift", actor="acme_operator").count() == 1


def test_lifting_a_stop_is_undone_as_long_as_nothing_was_launched(
    acme_operator: Client, acme: Tenant, idle_stop: Switch, make_run: MakeRun
) -> None:
    page = acme_operator.post(f"{STOPS}switches/{idle_stop.pk}/lift/", {"reason": "Over."}, follow=True)
    assert UNDO in page.content.decode()
    run = make_run(acme)
    assert "1 run was launched since" in undo(acme_operator, idle_stop)
    assert not Switch.objects.on().exists()
    Run.objects.filter(pk=run.pk).update(state="completed")
    assert "stands again" in undo(acme_operator, idle_stop)
    assert Switch.objects.on().get().reason == "Drill."


def test_what_has_killed_is_not_undone(acme_operator: Client, acme: Tenant, make_run: MakeRun) -> None:
    make_run(acme)
    switch = set_switch(reach="agent", actor="acme_operator", reason="Drill.", tenant=acme, name="reader")
    assert "no undo brings back" in undo(acme_operator, switch)
    assert Switch.objects.on().exists()


def test_it_is_not_undone_later_nor_by_others(
    acme_operator: Client, signed_in: SignedIn, idle_stop: Switch, acme_viewer: Client, globex_operator: Client
) -> None:
    assert "too late" in undo(signed_in("acme_admin"), idle_stop)
    Switch.objects.update(set_at=timezone.now() - timedelta(minutes=5))
    assert "too late" in undo(acme_operator, idle_stop)
    assert Switch.objects.on().exists()
    lift(switch=idle_stop, actor="acme_operator", reason="Over.")
    address = f"{STOPS}switches/{idle_stop.pk}/undo/"
    assert acme_viewer.post(address).status_code == 403
    assert globex_operator.post(address).status_code == 404
    assert acme_operator.get(address).status_code == 405


def test_forcing_a_link_is_undone_to_what_was_before(signed_in: SignedIn) -> None:
    admin, address = signed_in("admin"), "/t/acme/tools/-/force/"
    link = "llm/rehearsal:search"
    ToolHealth.objects.create(link=link, window_started_at=timezone.now(), forced="closed")
    forced = {"link": link, "to": "open", "reason": "It lies."}
    answer = admin.post(address, forced, headers={"HX-Request": "true"}).content.decode()
    assert UNDO in answer
    assert '<input type="hidden" name="to" value="closed">' in answer
    admin.post(address, {"link": link, "to": "closed", "reason": "Undone right after."})
    assert ToolHealth.objects.get(link=link).forced == "closed"
    again = admin.post(address, {**forced, "to": "closed"}, headers={"HX-Request": "true"}).content.decode()
    assert UNDO not in again


def of_run(run: Run, act: str = "") -> str:
    return f"/t/acme/runs/{run.pk}/{act}"


def acts_on(run: Run) -> list[tuple[str, str]]:
    return list(Action.objects.on_run(run.pk).order_by("pk").values_list("verb", "reason"))


@pytest.mark.parametrize("state", ["queued", "running"])
def test_a_pause_is_taken_back_before_the_run_has_stopped(
    state: str, acme_operator: Client, acme: Tenant, make_run: MakeRun
) -> None:
    run = make_run(acme, state=state)
    page = acme_operator.post(of_run(run, "pause/"), follow=True).content.decode()
    assert f'hx-post="{of_run(run, "pause/undo/")}"' in page
    assert "goes on" in acme_operator.post(of_run(run, "pause/undo/"), follow=True).content.decode()
    run.refresh_from_db()
    assert (run.state, run.pause_requested_at) == (state, None)
    assert [verb for verb, _ in acts_on(run)] == ["run.pause", "run.pause_taken_back"]


def test_a_run_that_has_paused_meanwhile_goes_on_again(acme_operator: Client, acme: Tenant, make_run: MakeRun) -> None:
    run = make_run(acme, state="running")
    acme_operator.post(of_run(run, "pause/"))
    Run.objects.filter(pk=run.pk).update(state="paused")
    assert "goes on" in acme_operator.post(of_run(run, "pause/undo/"), follow=True).content.decode()
    run.refresh_from_db()
    assert run.state == "queued"
    assert acts_on(run)[-1] == ("run.resume", "Undone right after it was asked.")


def test_a_run_that_has_ended_meanwhile_is_said_to_have_ended(
    acme_operator: Client, acme: Tenant, make_run: MakeRun
) -> None:
    run = make_run(acme, state="running")
    acme_operator.post(of_run(run, "pause/"))
    Run.objects.filter(pk=run.pk).update(state="completed")
    page = acme_operator.post(of_run(run, "pause/undo/"), follow=True).content.decode()
    assert "is completed now, and nothing was changed" in page
    assert [verb for verb, _ in acts_on(run)] == ["run.pause"]


def test_nobody_takes_back_the_pause_of_another(
    acme_operator: Client, acme_admin: Client, acme: Tenant, make_run: MakeRun
) -> None:
    run = make_run(acme, state="running")
    acme_operator.post(of_run(run, "pause/"))
    assert "too late" in acme_admin.post(of_run(run, "pause/undo/"), follow=True).content.decode()
    run.refresh_from_db()
    assert run.pause_requested_at is not None


def test_a_resume_is_taken_back_unless_the_run_has_taken_a_step(
    acme_operator: Client, acme: Tenant, make_run: MakeRun
) -> None:
    run = make_run(acme, state="paused")
    page = acme_operator.post(of_run(run, "resume/"), follow=True).content.decode()
    assert f'hx-post="{of_run(run, "resume/undo/")}"' in page
    run.steps.create(number=1, turn=1, kind="note", schema_version=1, output={}, recorded_at=timezone.now())
    page = acme_operator.post(of_run(run, "resume/undo/"), follow=True).content.decode()
    assert "has taken a step since, which nothing takes back" in page
    run.steps.all().delete()
    assert "waits again" in acme_operator.post(of_run(run, "resume/undo/"), follow=True).content.decode()
    run.refresh_from_db()
    assert run.pause_requested_at is not None
    assert acts_on(run) == [("run.resume", ""), ("run.pause", "Undone right after it was asked.")]


def test_a_run_that_waited_for_money_goes_on_without_a_way_back(
    acme_operator: Client, acme: Tenant, make_run: MakeRun
) -> None:
    run = make_run(acme, state="paused_budget")
    page = acme_operator.post(of_run(run, "resume/"), follow=True).content.decode()
    assert "goes on from its last step" in page
    assert of_run(run, "resume/undo/") not in page
