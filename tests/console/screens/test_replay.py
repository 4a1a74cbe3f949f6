"""Going back in a run from its page: what the dialogs say, what they make, and what they refuse."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from agents.contracts.steps import SCHEMA_VERSION
from agents.models import Run
from budgets.models import Action, Tenant
from tests.console.conftest import AddEvents, MakeRun
from tests.console.recorded_run import ANSWERED, recorded_run

HTMX = {"HX-Request": "true"}
STEP_PANEL = {**HTMX, "HX-Target": "section#step"}


@pytest.fixture
def run(acme: Tenant, make_run: MakeRun, add_events: AddEvents, rung: list[str]) -> Run:  # noqa: ARG001
    return recorded_run(acme, make_run, add_events)


def address(route: str, run: Run, *more: int) -> str:
    return reverse(f"runs:{route}", args=["acme", run.pk, *more])


def filled(**changes: str) -> dict[str, str]:
    """A fork form as the page gives it, with a reason."""
    return {
        "from_step": "3",
        "system_prompt": "You write.",
        "arguments_0": '{"to": "ben"}',
        "llm": "rehearsal:search",
        "reason": "Why not",
        **changes,
    }


@pytest.mark.parametrize(("span", "number"), [("m1", 1), ("t1", 2), ("m2", 3), ("t2", 4), ("m3", ANSWERED), ("e11", 6)])
def test_each_row_of_the_trace_names_its_recorded_step(acme_operator: Client, run: Run, span: str, number: int) -> None:
    panel = acme_operator.get(f"{address('detail', run)}?step={span}", headers=STEP_PANEL).content.decode()
    assert f"Recorded step {number}<" in panel
    assert address("fork", run, number) in panel


def test_a_viewer_sees_no_way_back(acme_viewer: Client, run: Run) -> None:
    panel = acme_viewer.get(f"{address('detail', run)}?step=m1", headers=STEP_PANEL).content.decode()
    page = acme_viewer.get(address("detail", run)).content.decode()
    assert "Recorded step 1" in panel
    assert "/fork/" not in panel
    assert address("retry", run) not in page
    assert address("replay", run) not in page


def test_the_dialog_shows_what_can_be_changed_and_what_would_happen_again(acme_operator: Client, run: Run) -> None:
    dialog = acme_operator.get(address("fork", run, 3), headers=HTMX).content.decode()
    assert "Arguments of shout" in dialog
    assert "You write." in dialog
    assert "after it: what it gave is kept" in dialog
    assert "before it: the LLM is asked again" in dialog
    assert dialog.count("executed again") == 1
    assert "the new run begins at $0.00 of $0.10" in dialog
    assert "<html" in acme_operator.get(address("fork", run, 3)).content.decode()


def test_the_plan_follows_the_choice(acme_operator: Client, run: Run) -> None:
    before = acme_operator.post(address("fork", run, 1), filled(from_step="0", only_plan="1"), headers=HTMX)
    assert before.status_code == 200
    assert before.content.decode().count("executed again") == 2
    kept = acme_operator.post(address("fork", run, 4), filled(from_step="4", only_plan="1"), headers=HTMX)
    assert kept.content.decode().count("executed again") == 0
    assert Run.objects.count() == 1


def test_a_fork_leads_to_its_page_which_names_its_parent(acme_operator: Client, run: Run) -> None:
    change = filled(arguments_0='{"to": "eve"}', system_prompt="You are brief.")
    response = acme_operator.post(address("fork", run, 3), change, headers=HTMX)
    child = Run.objects.get(origin="fork")
    assert response["HX-Redirect"] == address("detail", child)
    assert (child.parent_step, child.overrides, child.launched_by) == (
        3,
        {"system_prompt": "You are brief."},
        "acme_operator",
    )
    assert child.steps.get(number=3).output["message"]["calls"][0]["arguments"] == {"to": "eve"}
    page = acme_operator.get(address("detail", child)).content.decode()
    assert "Fork of" in page
    assert "after its recorded step 3, with other instructions" in page
    assert address("detail", run) in page
    parent = acme_operator.get(address("record", run)).content.decode()
    assert f"compare/?a={run.pk}&amp;b={child.pk}" in parent
    assert "Made from this run:" in parent
    assert address("detail", child) in parent
    assert Action.objects.get(verb="run.fork").via == "page runs:fork"


def test_what_was_not_changed_is_no_change(acme_operator: Client, run: Run) -> None:
    acme_operator.post(address("fork", run, 3), filled(arguments_0='{ "to":"ben" }', system_prompt="You write."))
    child = Run.objects.get(origin="fork")
    assert child.overrides == {}
    assert Action.objects.get(verb="run.fork").after["changed"] == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"reason": ""}, "Say why; it is kept with both runs."),
        ({"arguments_0": "[1]"}, "Write one JSON object."),
        ({"arguments_0": '{"to": 5}'}, "shout refuses these arguments. to: "),
        ({"arguments_0": '{"to": "eve"}', "from_step": "2"}, "Other arguments need the answer"),
        ({"from_step": "1"}, "Select a valid choice"),
        ({"system_prompt": " "}, "Write instructions of at most"),
        ({"llm": "openai:nothing"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_made(
    acme_operator: Client, run: Run, change: dict[str, str], said: str
) -> None:
    response = acme_operator.post(address("fork", run, 3), filled(**change), headers=HTMX)
    assert response.status_code == 422
    assert said in response.content.decode()
    assert Run.objects.count() == 1


def test_an_answer_can_only_be_asked_for_again(acme_operator: Client, run: Run) -> None:
    dialog = acme_operator.get(address("fork", run, ANSWERED), headers=HTMX).content.decode()
    assert "before it: the LLM is asked again" in dialog
    assert "what it gave is kept" not in dialog


def test_a_newer_step_is_not_forked(acme_operator: Client, run: Run) -> None:
    run.steps.filter(number=3).update(schema_version=SCHEMA_VERSION + 1)
    response = acme_operator.get(address("fork", run, 3), headers=HTMX)
    assert response.status_code == 409
    assert "recorded by a newer release" in response.content.decode()
    assert acme_operator.get(address("fork", run, 99)).status_code == 404


def test_a_retry_starts_over_or_after_the_last_good_step(acme_operator: Client, run: Run) -> None:
    assert "last good one" not in acme_operator.get(address("retry", run), headers=HTMX).content.decode()
    Run.objects.filter(pk=run.pk).update(state="failed")
    assert "after recorded step 4, the last good one" in acme_operator.get(address("retry", run)).content.decode()
    for step in ("4", "0"):
        acme_operator.post(address("retry", run), {"from_step": step, "reason": "Once more"}, headers=HTMX)
    found = Run.objects.filter(origin="retry").order_by("id").values_list("parent_step", flat=True)
    assert list(found) == [4, 0]


def test_a_run_that_has_not_ended_is_not_retried(acme_operator: Client, run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(state="paused")
    response = acme_operator.post(address("retry", run), {"from_step": "0", "reason": "x"}, headers=HTMX)
    assert response.status_code == 422
    assert "has not ended" in response.content.decode()


def test_a_replay_says_whether_anything_differs(acme_operator: Client, run: Run) -> None:
    number = run.version.number
    dialog = acme_operator.get(address("replay", run), headers=HTMX).content.decode()
    assert "No divergence" not in dialog
    told = acme_operator.get(f"{address('replay', run)}?version={number}", headers=HTMX).content.decode()
    assert "All 6 steps come as they were recorded." in told
    step = run.steps.get(number=2)
    run.steps.filter(number=2).update(output=json.loads(json.dumps(step.output).replace(step.output["key"], "0" * 64)))
    told = acme_operator.get(f"{address('replay', run)}?version={number}", headers=HTMX).content.decode()
    assert "Step 2: recorded was that shout answers ok" in told
    assert "no such version" in acme_operator.get(f"{address('replay', run)}?version=x").content.decode()


def test_a_very_long_run_is_left_to_the_terminal(acme_operator: Client, run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(steps_count=50_000)
    told = acme_operator.get(f"{address('replay', run)}?version={run.version.number}").content.decode()
    assert f"manage.py replay {run.short}" in told
