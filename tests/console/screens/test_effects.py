"""Effects of unknown outcome on their run's page, on the tenant's list, and in the terminal."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from agents.contracts.specs import Effect as Effectiveness
from agents.models import AgentVersion, Effect, Run
from agents.tools.define import python_tool
from budgets.models import Tenant
from console.screens.run.effects_form import read_result
from tests.agents.library.own_library import on_call
from tests.console.conftest import AddEvents, MakeRun, SignedIn

pytestmark = pytest.mark.usefixtures("acme", "rung")
EVIL = "<img src=x onerror=alert(1)>"
MakeUnknown = Callable[..., Effect]


@pytest.fixture
def make_unknown(acme: Tenant, make_run: MakeRun, add_events: AddEvents) -> MakeUnknown:
    """A letter of which nobody knows, of a run that waits for the word."""

    def make(*, run: Run | None = None, number: int = 0, **fields: Any) -> Effect:
        run = run or make_run(acme, state="waiting_resolution", awaited_key=f"{number:064}")
        now = timezone.now()
        given = {"tool": "send_letter", "arguments": {"to": "ann", "text": EVIL}, **fields}
        effect = Effect.objects.create(
            run=run,
            step=1,
            call_id=f"c{number}",
            scope=run.pk,
            key=f"{number:064}",
            sent_key="s" * 64,
            state="unknown",
            epoch=1,
            started_at=now - timedelta(minutes=2),
            unknown_since=now - timedelta(minutes=1),
            **given,
        )
        unknown = {"tool": effect.tool, "call_id": effect.call_id, "key": effect.key, "why": "worker_died"}
        add_events(run, ("effect.unknown", unknown))
        return effect

    return make


@pytest.fixture
def effect(make_unknown: MakeUnknown) -> Effect:
    return make_unknown()


def address(effect: Effect, tenant: str = "acme") -> str:
    """Where the word on an effect is sent."""
    return f"/t/{tenant}/runs/{effect.run_id}/effects/{effect.pk}/"


def test_the_run_page_says_what_was_called_with_what_and_what_is_known(acme_operator: Client, effect: Effect) -> None:
    page = acme_operator.get(f"/t/acme/runs/{effect.run_id}/").content.decode()
    assert "Did send_letter happen?" in page
    assert "Its worker died after the call had left" in page
    assert "&lt;img src=x" in page
    assert EVIL not in page


@pytest.mark.parametrize(
    ("kind", "words"), [("unkeyed", "no key goes with it"), ("keyed", "under the same key: a far end")]
)
def test_what_a_second_call_would_do_depends_on_whether_the_far_end_knows_its_key(
    acme_approver: Client, effect: Effect, kind: Effectiveness, words: str
) -> None:
    version = effect.run.version
    tool = python_tool("send_letter", [on_call], description="Send.", effect=kind)
    AgentVersion.objects.filter(pk=version.pk).update(
        spec=version.to_spec().model_copy(update={"tools": (tool,)}).model_dump(mode="json")
    )
    page = acme_approver.get(f"/t/acme/runs/{effect.run_id}/").content.decode()
    assert words in page
    assert ("s" * 64 in page) == (kind == "keyed")


def test_a_word_is_taken_with_its_reason_and_its_result(acme_operator: Client, effect: Effect) -> None:
    said = {"outcome": "happened", "reason": "It is in the outbox.", "result": '{"id": 7}'}
    assert acme_operator.post(address(effect), said).status_code == 302
    effect.refresh_from_db()
    assert (effect.state, effect.outcome, effect.resolved_by) == ("resolved", "happened", "acme_operator")
    assert (effect.result, effect.resolution_reason) == ({"value": {"id": 7}}, "It is in the outbox.")
    assert effect.run.state == "queued"
    assert "Did send_letter happen?" not in acme_operator.get(f"/t/acme/runs/{effect.run_id}/").content.decode()


@pytest.mark.parametrize("said", [{"outcome": "happened"}, {"reason": "x"}, {"outcome": "perhaps", "reason": "x"}])
def test_a_word_without_its_reason_or_its_meaning_changes_nothing(
    acme_operator: Client, effect: Effect, said: dict[str, str]
) -> None:
    answer = acme_operator.post(address(effect), {"result": "typed before", **said})
    assert answer.status_code == 422
    assert "typed before" in answer.content.decode()
    effect.refresh_from_db()
    assert effect.state == "unknown"


def test_what_cannot_be_kept_is_said_on_its_field(acme_operator: Client, effect: Effect) -> None:
    deep = "[" * 3_000 + "]" * 3_000
    answer = acme_operator.post(address(effect), {"outcome": "happened", "reason": "x", "result": deep})
    assert answer.status_code in (302, 409)
    effect.refresh_from_db()
    assert (effect.state == "resolved") == (answer.status_code == 302)


def test_whoever_comes_second_is_shown_that_it_is_done(acme_operator: Client, effect: Effect) -> None:
    said = {"outcome": "given_up", "reason": "first"}
    assert acme_operator.post(address(effect), said).status_code == 302
    assert acme_operator.post(address(effect), {**said, "reason": "second"}).status_code == 409
    effect.refresh_from_db()
    assert effect.resolution_reason == "first"


@pytest.mark.parametrize(
    ("username", "outcome", "status"),
    [
        ("acme_viewer", "happened", 403),
        ("acme_operator", "happened", 302),
        ("acme_operator", "given_up", 302),
        ("acme_operator", "again", 403),
        ("acme_approver", "again", 302),
        ("acme_admin", "again", 302),
        ("globex_operator", "happened", 404),
    ],
)
def test_what_sends_something_again_takes_an_approver(
    signed_in: SignedIn, effect: Effect, username: str, outcome: str, status: int
) -> None:
    answer = signed_in(username).post(address(effect), {"outcome": outcome, "reason": "I looked."})
    assert answer.status_code == status
    effect.refresh_from_db()
    assert (effect.state == "resolved") == (status == 302)


def test_an_effect_is_not_found_through_another_tenant_or_run(
    signed_in: SignedIn, effect: Effect, make_unknown: MakeUnknown
) -> None:
    admin, other = signed_in("admin"), make_unknown(number=1)
    said = {"outcome": "happened", "reason": "x"}
    assert admin.post(address(effect, "globex"), said).status_code == 404
    crossed = f"/t/acme/runs/{other.run_id}/effects/{effect.pk}/"
    assert admin.post(crossed, said).status_code == 404


def test_a_viewer_sees_who_may_say_it(acme_viewer: Client, effect: Effect) -> None:
    page = acme_viewer.get(f"/t/acme/runs/{effect.run_id}/").content.decode()
    assert "Someone with the role operator" in page
    assert 'name="outcome"' not in page


def test_of_a_run_that_has_ended_the_question_stays_open(
    acme_approver: Client, acme: Tenant, make_run: MakeRun, make_unknown: MakeUnknown
) -> None:
    effect = make_unknown(run=make_run(acme, state="killed"))
    page = acme_approver.get(f"/t/acme/runs/{effect.run_id}/").content.decode()
    assert "Did send_letter happen?" in page
    assert "The run is over and sends nothing" in page
    assert acme_approver.post(address(effect), {"outcome": "happened", "reason": "x"}).status_code == 302
    effect.run.refresh_from_db()
    assert effect.run.state == "killed"


def test_a_run_that_waits_for_anothers_call_says_for_which(
    acme_viewer: Client, acme: Tenant, make_run: MakeRun, effect: Effect
) -> None:
    Effect.objects.update(scope=f"tenant:{acme.pk}")
    waiting = make_run(acme, state="waiting_resolution", awaited_key=effect.key)
    page = acme_viewer.get(f"/t/acme/runs/{waiting.pk}/").content.decode()
    assert "Waits for send_letter of another run" in page
    assert f"/t/acme/runs/{effect.run_id}/" in page


def test_they_are_on_the_page_of_approvals_and_counted_with_them(
    acme_viewer: Client, make_unknown: MakeUnknown
) -> None:
    assert "Nobody knows whether" not in acme_viewer.get("/t/acme/approvals/").content.decode()
    effects = [make_unknown(number=number) for number in range(3)]
    response = acme_viewer.get("/t/acme/approvals/")
    page = response.content.decode()
    assert all(f"#effect-{effect.pk}" in page for effect in effects)
    assert next(link.count for link in response.context["nav"] if link.label == "Approvals") == "3"
    assert EVIL not in page


def test_their_old_address_leads_there(acme_viewer: Client) -> None:
    assert acme_viewer.get("/t/acme/effects/")["Location"] == "/t/acme/approvals/#unknown-effects"


def test_the_list_shows_no_other_tenants(globex_operator: Client, effect: Effect) -> None:
    assert effect.run_id not in globex_operator.get("/t/globex/approvals/").content.decode()
    assert globex_operator.get("/t/acme/effects/").status_code == 404


def test_the_receipt_of_a_kill_names_the_effects_after_the_click(
    acme_viewer: Client, acme: Tenant, make_run: MakeRun, make_unknown: MakeUnknown, add_events: AddEvents
) -> None:
    now = timezone.now()
    run = make_run(acme, state="killed", kill_requested_at=now, kill_requested_by="acme_operator", kill_reason="x")
    add_events(run, ("kill.requested", {"by": "acme_operator"}))
    make_unknown(run=run)
    page = acme_viewer.get(f"/t/acme/runs/{run.pk}/").content.decode()
    assert "May still happen at the far end" in page


def test_the_terminal_says_it_too(effect: Effect, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("resolve", effect.run_id, "happened", reason="seen", result="sent at noon")
    effect.refresh_from_db()
    assert (effect.outcome, effect.result) == ("happened", {"value": "sent at noon"})
    assert "it happened" in capsys.readouterr().out
    with pytest.raises(CommandError, match="no such call"):
        call_command("resolve", effect.run_id, "again", reason="seen")


def test_the_terminal_asks_which_where_there_are_several(effect: Effect, make_unknown: MakeUnknown) -> None:
    second = make_unknown(run=effect.run, number=1)
    with pytest.raises(CommandError, match="c0 \\(send_letter\\), c1"):
        call_command("resolve", effect.run_id, "given-up", reason="x")
    call_command("resolve", effect.run_id, "given-up", reason="x", call="c1")
    second.refresh_from_db()
    effect.refresh_from_db()
    assert (second.outcome, effect.state) == ("given_up", "unknown")


@pytest.mark.parametrize(
    ("text", "value"),
    [("", None), ("  ", None), ("sent", "sent"), ('{"a": [1]}', {"a": [1]}), ("NaN", "NaN"), ("5", 5), ("[1", "[1")],
)
def test_a_result_is_json_where_it_is_that(text: str, value: object) -> None:
    assert read_result(text) == value
