"""Pattern 6: only what has passed every check is graded, once, for money; a grader without a grade rejects nothing."""

import pytest

from agents.contracts.llms import LLMError
from agents.contracts.messages import SystemMessage, UserMessage
from agents.contracts.specs import AgentSpec, Grading
from agents.contracts.steps import VerdictStep
from agents.contracts.verdicts import Grade
from agents.replay.offline import replay
from agents.replay.recording import Recording
from tests.agents.engine.doubles import Answer, Crash, Script, refuses, says, too_dear
from tests.agents.engine.world import World, spec_of

GRADER = "test:grader"
GOOD, POOR = '{"score": 8, "reasons": "Clear."}', '{"score": 4, "reasons": "Name the price."}'


def graded_spec(least: int = 7) -> AgentSpec:
    """An agent whose answers must name tea, and please the grader."""
    grading = Grading(llm=GRADER, rubric="Is it of use?", least=least)
    return spec_of(checks=[("required", {"phrases": ["tea"]})]).model_copy(update={"grading": grading})


def world_of(script: Script, *grades: Answer) -> World:
    world = World(script, graded_spec())
    world.llm.grades = list(grades)
    return world


def verdicts(world: World) -> list[VerdictStep]:
    return [step.output for step in world.journal.steps if isinstance(step.output, VerdictStep)]


def test_a_good_grade_lets_the_answer_out_and_is_recorded_and_paid() -> None:
    world = world_of([says("Good tea.")], says(GOOD))
    ending = world.start()
    assert (ending.state, ending.answer) == ("completed", "Good tea.")
    assert verdicts(world)[0].verdict.grade == Grade(llm=GRADER, score=8, reasons="Clear.")
    assert [charge["llm"] for charge in world.charges()] == ["test:first", GRADER]
    assert set(world.journal.holds.values()) == {"settled"}
    told = world.journal.kinds("grade.given")[0].data
    assert (told["score"], told["least"], told["accepted"]) == (8, 7, True)
    started = [event.data["purpose"] for event in world.journal.kinds("model.started")]
    assert started == ["turn", "grade"]


def test_the_grader_sees_task_answer_and_rubric_and_no_tools() -> None:
    world = world_of([says("Good tea.")], says(GOOD))
    world.start()
    request = world.llm.requests[-1]
    assert (request.llm, request.purpose, request.tools) == (GRADER, "grade", ())
    system, asked = request.messages
    assert isinstance(system, SystemMessage)
    assert isinstance(asked, UserMessage)
    assert "Is it of use?" in system.text
    assert asked.text == '{"task": "Find out about tea.", "answer": "Good tea."}'


def test_what_fails_a_check_is_not_graded() -> None:
    world = world_of([says("Cup."), says("Good tea.")], says(GOOD))
    assert world.start().state == "completed"
    assert len(world.journal.kinds("grade.given")) == 1


def test_a_poor_grade_goes_back_with_its_reasons_and_counts_as_a_revision() -> None:
    world = world_of([says("Tea."), says("Tea for two.")], says(POOR), says(GOOD))
    ending = world.start()
    assert (ending.state, ending.answer) == ("completed", "Tea for two.")
    revise = world.llm.requests[2].messages[-1]
    assert isinstance(revise, UserMessage)
    assert "graded 4 of 10, and 7 are needed: Name the price." in revise.text
    assert [step.verdict.issues[0].check for step in verdicts(world)[:1]] == ["grading"]


def test_after_two_revisions_the_answer_is_flagged_all_the_same() -> None:
    world = world_of([says("Tea one."), says("Tea two."), says("Tea three.")], says(POOR))
    ending = world.start()
    assert (ending.state, ending.answer) == ("flagged", "Tea one.")
    assert len(world.journal.kinds("grade.given")) == 3


@pytest.mark.parametrize(
    "nonsense",
    [
        "Nice!",
        '{"score": 0}',
        '{"score": 11}',
        '{"score": 7.5}',
        '{"score": "9"}',
        '{"score": true}',
        '{"score": null, "reasons": "?"}',
        "[9]",
        '{"score": 9',
        "",
    ],
)
def test_a_grader_that_answers_nonsense_rejects_nothing_and_says_so(nonsense: str) -> None:
    world = world_of([says("Good tea.")], says(nonsense))
    assert world.start().state == "completed"
    assert len(world.journal.kinds("grade.failed")) == 1
    assert world.journal.kinds("grade.given") == []
    assert verdicts(world)[0].verdict.grade is None


def test_words_around_the_grade_are_no_nonsense() -> None:
    world = world_of([says("Good tea.")], says(f"Here you are:\n```json\n{GOOD}\n```"))
    world.start()
    assert world.journal.kinds("grade.given")[0].data["score"] == 8


@pytest.mark.parametrize("error", [refuses("server_error"), refuses("not_found"), LLMError("timeout", "late")])
def test_a_grader_that_fails_rejects_nothing_and_says_so(error: LLMError) -> None:
    world = world_of([says("Good tea.")], error)
    assert world.start().state == "completed"
    failed = world.journal.kinds("grade.failed")
    assert [event.data["llm"] for event in failed] == [GRADER]
    assert error.detail in str(failed[0].data["why"])


@pytest.mark.parametrize("at_cap", ["stop", "pause"])
def test_money_that_does_not_reach_for_the_grade_rejects_nothing(at_cap: str) -> None:
    world = world_of([says("Good tea.")], says(GOOD))
    world.at_cap = at_cap
    world.journal.refuse = lambda amount: too_dear(0)(amount) if world.llm.requests else None
    assert world.start().state == "completed"
    assert len(world.journal.kinds("grade.failed")) == 1


def test_a_grader_without_a_price_rejects_nothing() -> None:
    world = world_of([says("Good tea.")], says(GOOD))
    world.prices.unpriced = frozenset({GRADER})
    assert world.start().state == "completed"
    assert "No price" in str(world.journal.kinds("grade.failed")[0].data["why"])


def test_a_kill_while_the_grader_thinks_ends_the_run() -> None:
    world = world_of([says("Good tea.")], says(GOOD))
    world.journal.kill_at = 2
    assert world.start().state == "killed"
    assert verdicts(world) == []


@pytest.mark.parametrize("commit", [1, 2, 3, 4])
def test_after_a_crash_at_any_commit_the_verdict_has_one_grade(commit: int) -> None:
    world = world_of([says("Good tea.")], says(GOOD))
    world.journal.crash_at = commit
    with pytest.raises(Crash):
        world.start()
    world.journal.crash_at = 0
    assert world.start().state == "completed"
    assert [step.verdict.grade is not None for step in verdicts(world)] == [True]
    assert len(world.journal.kinds("grade.given")) == 1


def test_a_verdict_that_was_recorded_is_not_graded_again() -> None:
    world = world_of([says("Good tea.")], says(GOOD))
    world.journal.crash_after = 3
    with pytest.raises(Crash):
        world.start()
    assert len(verdicts(world)) == 1, "the crash came right after the verdict was recorded"
    world.journal.crash_after = 0
    assert world.start().state == "completed"
    assert sum(request.purpose == "grade" for request in world.llm.requests) == 1


@pytest.mark.parametrize(
    "grades", [[says(GOOD)], [says(POOR), says(GOOD)], [says("Nice!")], [says("Nice!"), says(POOR)]]
)
def test_a_replay_grades_nothing_and_goes_as_it_was_recorded(grades: list[Answer]) -> None:
    world = world_of([says("Tea one."), says("Tea two."), says("Tea three.")], *grades)
    ending = world.start()
    recording = Recording(world.fresh().input, tuple(world.journal.steps), {}, ending.state, ending.answer)
    report = replay(recording)
    assert report.same, report.divergence
    assert report.steps == len(world.journal.steps)
