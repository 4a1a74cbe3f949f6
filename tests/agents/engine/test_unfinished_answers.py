"""An answer that its limit, its vendor or the LLM itself cut short is sent back, a few times, and never passed off."""

import pytest

from agents.contracts.llms import Finish
from agents.contracts.messages import UserMessage
from agents.contracts.specs import LoopLimits
from agents.engine import finishes
from tests.agents.engine.doubles import Answer, Crash, asks, call, response, says
from tests.agents.engine.world import FIRST, World, spec_of


def ended(text: str, finish: Finish) -> Answer:
    """An answer with its finish reason."""
    return response(says(text), FIRST, finish=finish)


def last_word(world: World) -> str:
    """What the LLM was told last."""
    message = world.llm.requests[-1].messages[-1]
    assert isinstance(message, UserMessage)
    return message.text


def test_an_answer_that_was_cut_off_is_asked_for_again() -> None:
    world = World([ended("Tea is a", "length"), says("Tea.")])
    assert world.start().answer == "Tea."
    assert last_word(world) == finishes.CUT_OFF
    note = world.journal.kinds("note.added")[0].data
    assert note == {"text": finishes.CUT_OFF, "finish": "length"}
    assert len(world.journal.kinds("verdict.given")) == 1


def test_after_as_many_cuts_as_revisions_the_text_is_returned_with_a_flag() -> None:
    world = World([ended(f"Tea {n}", "length") for n in range(9)], spec_of(limits=LoopLimits(max_revisions=2)))
    ending = world.start()
    assert (ending.state, ending.answer) == ("flagged", "Tea 2")
    assert ending.reason == "The answer was cut off at the length limit 3 times."
    assert len(world.llm.requests) == 3
    assert world.journal.kinds("verdict.given") == []


def test_the_best_draft_of_the_critic_is_worth_more_than_a_cut_one() -> None:
    spec = spec_of(checks=[("required", {"phrases": ["cup"]})], limits=LoopLimits(max_revisions=1))
    world = World([says("Tea."), *(ended("Cu", "length") for _ in range(3))], spec)
    ending = world.start()
    assert (ending.state, ending.answer) == ("flagged", "Tea.")


def test_an_answer_that_reasoned_until_its_limit_is_told_so() -> None:
    world = World([ended("", "length"), says("Tea.")])
    assert world.start().answer == "Tea."
    assert last_word(world) == finishes.CUT_OFF


@pytest.mark.parametrize(
    ("finish", "said"),
    [
        ("refusal", "The LLM refused to answer, 2 times without an answer."),
        ("content_filter", "The LLM was stopped by its vendor's content filter, 2 times without an answer."),
    ],
)
def test_a_refusal_is_told_once_and_the_second_one_ends_the_run(finish: Finish, said: str) -> None:
    world = World([ended("I cannot.", finish), ended("I still cannot.", finish), says("Never.")])
    ending = world.start()
    assert (ending.state, ending.reason, ending.answer) == ("flagged", said, "I still cannot.")
    assert [event.data["finish"] for event in world.journal.kinds("note.added")] == [finish]
    assert last_word(world) == finishes.REFUSED


def test_after_a_refusal_the_run_may_still_come_to_an_answer() -> None:
    world = World([ended("I cannot.", "refusal"), says("Tea.")])
    assert world.start().state == "completed"


def test_calls_of_an_answer_that_was_cut_off_are_carried_out_when_they_are_whole() -> None:
    world = World([response(asks(call("look_up", text="tea")), FIRST, finish="length"), says("Tea.")])
    assert world.start().state == "completed"
    assert world.journal.kinds("note.added") == []
    assert world.tools.names == ["shelf"]


@pytest.mark.parametrize("commit", range(1, 7))
def test_a_crash_at_any_commit_does_not_forget_how_often_it_was_told(commit: int) -> None:
    world = World([ended(f"Tea {n}", "length") for n in range(9)], spec_of(limits=LoopLimits(max_revisions=2)))
    world.journal.crash_after = commit
    try:
        world.start()
    except Crash:
        if world.journal.ending is None:
            world.start()
    assert world.journal.ending is not None
    assert world.journal.ending.reason == "The answer was cut off at the length limit 3 times."
    assert sum(step.output.kind == "llm" for step in world.journal.steps) == 3
