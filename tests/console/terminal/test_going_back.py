"""The commands that go back in a run: fork, retry and replay, with their plans and exit codes."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from agents.contracts.specs import AgentSpec
from agents.contracts.steps import SCHEMA_VERSION
from agents.library.sync import keep_version
from agents.models import Run
from budgets.models import Action, Tenant
from tests.console.conftest import AddEvents, MakeRun
from tests.console.recorded_run import recorded_run


@pytest.fixture
def run(acme: Tenant, make_run: MakeRun, add_events: AddEvents, rung: list[str]) -> Run:  # noqa: ARG001
    return recorded_run(acme, make_run, add_events)


def said(*words: object, **options: object) -> str:
    """What a command prints."""
    out = StringIO()
    call_command(*words, stdout=out, **options)  # type: ignore[arg-type]  # words of a command line
    return out.getvalue()


def refused(*words: object) -> tuple[int, str]:
    """The code and the words with which a command leaves."""
    with pytest.raises(CommandError) as error:
        said(*words)
    return error.value.returncode, str(error.value)


def test_a_fork_says_which_run_it_made(run: Run, tmp_path: Path) -> None:
    instructions = tmp_path / "brief.txt"
    instructions.write_text("You are brief.")
    change = ("--arguments", 'c2={"to": "eve"}', "--system-prompt", str(instructions))
    line = said("fork", run.short, "3", *change, "--reason", "Wrong Ben.")
    child = Run.objects.get(origin="fork")
    assert line.startswith(child.pk)
    assert (child.parent, child.parent_step, child.overrides) == (run, 3, {"system_prompt": "You are brief."})
    assert Action.objects.get(verb="run.fork").reason == "Wrong Ben."


def test_a_plan_makes_nothing(run: Run) -> None:
    lines = said("fork", run.short, "2", "--plan").splitlines()
    assert [line.split("  ")[0] for line in lines] == ["reused", "executed again"]
    assert "It happens a second time" in lines[1]
    assert said("retry", run.short, "--plan").startswith("From step 0:\nexecuted again")
    assert Run.objects.count() == 1


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("3",), "Give a reason; it is kept with the run."),
        (("9", "--reason", "x"), "Step 7 is missing: the run has 6 steps."),
        (("3", "--reason", "x", "--arguments", "c2"), "'c2': write CALL_ID=JSON with a JSON object."),
        (("3", "--reason", "x", "--arguments", "c2=[]"), "'c2=[]': write CALL_ID=JSON with a JSON object."),
    ],
)
def test_what_cannot_be_forked_is_one_line(run: Run, words: tuple[str, ...], problem: str) -> None:
    assert refused("fork", run.short, *words) == (1, problem)
    assert Run.objects.count() == 1


def test_a_retry_starts_over_or_keeps_the_good_steps(run: Run) -> None:
    said("retry", run.short, "--reason", "Once more.")
    assert Run.objects.get(origin="retry").parent_step == 0
    Run.objects.filter(pk=run.pk).update(state="failed")
    said("retry", run.short, "--keep-steps", "--reason", "Once more.")
    assert list(Run.objects.filter(origin="retry").order_by("id").values_list("parent_step", flat=True)) == [0, 4]
    assert refused("retry", run.short)[1] == "Give a reason; it is kept with the run."
    Run.objects.filter(pk=run.pk).update(state="running")
    assert refused("retry", run.short, "--reason", "x")[1].startswith("The run has not ended")


def test_a_replay_leaves_with_0_when_nothing_differs_and_with_1_when_something_does(run: Run) -> None:
    assert said("replay", run.short) == f"Run {run.short}: all 6 steps come as they were recorded.\n"
    bare = keep_version(
        spec=AgentSpec(name="reader", title="Reader", purpose="Writes.", system_prompt="You write.", llms=(run.llm,))
    )
    assert refused("replay", run.short, "--as-version", str(bare.number))[0] == 1
    assert refused("replay", run.short, "--as-version", "99") == (2, "reader has no version 99.")
    run.steps.filter(number=3).update(schema_version=SCHEMA_VERSION + 1)
    code, words = refused("replay", run.short)
    assert (code, words.startswith("Step 3 was recorded by a newer release")) == (2, True)
