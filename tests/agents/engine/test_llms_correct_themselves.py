"""Whether a refused call was mended in the next turn is in the trace, with the LLM that made it."""

import pytest
from pydantic import JsonValue

from agents.contracts.messages import AssistantMessage
from tests.agents.engine.doubles import Crash, asks, call, says
from tests.agents.engine.world import FIRST, World, spec_of


def corrected(*answers: AssistantMessage) -> list[dict[str, JsonValue]]:
    """What the trace says of mended calls."""
    world = World([*answers, says("Done.")], spec_of())
    world.start()
    return [event.data for event in world.journal.kinds("call.corrected")]


BAD, GOOD = call("look_up", "c1", text=5), call("look_up", "c2", text="tea")


def test_a_call_that_is_mended_in_the_next_turn_is_noted_with_its_llm() -> None:
    assert corrected(asks(BAD), asks(GOOD)) == [
        {"tool": "look_up", "call_id": "c2", "rejected": "look_up", "llm": FIRST}
    ]


def test_the_rejection_says_which_llm_made_the_call() -> None:
    world = World([asks(BAD), says("Done.")])
    world.start()
    assert world.journal.kinds("call.rejected")[0].data["llm"] == FIRST


@pytest.mark.parametrize(
    "answers",
    [
        (asks(BAD),),
        (asks(BAD), asks(call("look_up", "c2", text=6))),
        (asks(BAD), asks(call("send", "c2", to="ann", text="tea")), asks(call("look_up", "c3", text="tea"))),
        (asks(BAD, GOOD),),
    ],
    ids=["never", "wrongly again", "a turn too late", "beside it in the same turn"],
)
def test_what_is_not_mended_in_the_next_turn_is_not_noted(answers: tuple[AssistantMessage, ...]) -> None:
    assert corrected(*answers) == []


def test_as_many_are_mended_as_were_refused() -> None:
    two_bad = asks(call("look_up", "c1", text=5), call("look_up", "c2", txt="tea"))
    three_good = asks(*(call("look_up", f"d{n}", text=str(n)) for n in range(3)))
    assert len(corrected(two_bad, three_good)) == 2


def test_an_invented_tool_is_mended_by_any_that_exists() -> None:
    found = corrected(asks(call("lookup", "c1", text="tea")), asks(GOOD))
    assert [(each["tool"], each["rejected"]) for each in found] == [("look_up", "")]


@pytest.mark.parametrize("commit", range(1, 6))
def test_after_a_crash_it_is_noted_once(commit: int) -> None:
    world = World([asks(BAD), asks(GOOD), says("Done.")])
    world.journal.crash_after = commit
    try:
        world.start()
    except Crash:
        world.journal.crash_after = 0
        world.start()
    assert len(world.journal.kinds("call.corrected")) == 1
