"""The rehearsal plays a grader: by how much of the task an answer takes up, or as it is told."""

import json

import pytest

from agents.contracts.messages import Message, SystemMessage, UserMessage
from agents.engine.grading import NoGrade, read_grade
from agents.llms.performance import perform
from agents.llms.script import parse_script
from budgets.seed import REHEARSAL_LLMS

TASK = "Find out which green teas are sold in small boxes."


def said(answer: str, name: str = "grade") -> str:
    """What it says of an answer to the task."""
    asked = json.dumps({"task": TASK, "answer": answer})
    conversation: tuple[Message, ...] = (SystemMessage(text="Grade it."), UserMessage(text=asked))
    return perform(parse_script(name), conversation, (), 2_000).message.text


def score(answer: str, name: str = "grade") -> int:
    return read_grade(said(answer, name), "rehearsal:grade").score


def test_what_takes_up_the_task_is_graded_higher_than_what_does_not() -> None:
    assert score("These green teas are sold in small boxes: sencha, which we find best.") > score("No.")
    assert score("There is nothing about that anywhere here today.") < 7


def test_it_gives_the_score_that_it_is_told_to() -> None:
    assert [score("Tea.", f"grade+score={wanted}") for wanted in (1, 3, 10)] == [1, 3, 10]


@pytest.mark.parametrize("name", ["grade+score=0", "grade+score=11"])
def test_and_nonsense_when_it_is_told_to(name: str) -> None:
    with pytest.raises(NoGrade):
        score("Tea.", name)


def test_it_has_a_price_from_the_first_day() -> None:
    assert "rehearsal:grade" in REHEARSAL_LLMS
