"""Pattern 3: every transition is an event, each start has its end, and spans nest."""

import pytest

from agents.contracts.messages import AssistantMessage
from agents.engine.ports import ImplementationFailed, Interrupted
from tests.agents.engine.doubles import asks, call, fails, refuses, says, unended
from tests.agents.engine.world import World


def busy_world() -> World:
    """A run with a fallback of the LLM, a rejected call, a fallback of a tool, a write and a read."""
    world = World(
        [
            [
                refuses("overloaded"),
                asks(call("look_up", "c1", text=5), call("look_up", "c2", text="tea")),
            ],
            asks(call("send", "c3", to="ann", text="hello")),
            says("Tea [1]."),
        ]
    )
    world.tools.replaced["shelf"] = fails(ImplementationFailed("fell down"))
    return world


def test_a_whole_run_is_told_in_order() -> None:
    world = World([asks(call("look_up", text="tea")), says("Tea.")])
    world.start()
    model = ["hold.placed", "model.started", "model.ended", "charge.booked"]
    tool = ["tool.started", "attempt.started", "attempt.ended", "tool.ended"]
    expected = ["turn.started", *model, *tool, "turn.started", *model, "verdict.given", "run.ended"]
    assert [event.kind for event in world.journal.events] == expected


def test_every_start_has_its_end() -> None:
    world = busy_world()
    assert world.start().state == "completed"
    assert unended(world.journal.events) == []
    assert len(world.journal.kinds("model.started")) == 3
    assert len(world.journal.kinds("attempt.started")) == 3


def test_attempts_lie_in_their_call_and_calls_in_their_turn() -> None:
    world = busy_world()
    world.start()
    turns = {event.turn: event.span_id for event in world.journal.kinds("turn.started")}
    assert len(set(turns.values())) == 3
    for event in world.journal.kinds("model.started", "model.ended", "tool.started", "tool.ended"):
        assert event.parent_span_id == turns[event.turn]
    calls = {event.span_id for event in world.journal.kinds("tool.started")}
    attempts = world.journal.kinds("attempt.started", "attempt.ended")
    assert {event.parent_span_id for event in attempts} == calls


def test_charge_and_hold_share_the_span_of_their_call() -> None:
    world = World([says("Tea.")])
    world.start()
    spans = {e.span_id for e in world.journal.kinds("hold.placed", "model.started", "model.ended", "charge.booked")}
    assert len(spans) == 1


def test_ends_carry_how_long_it_took() -> None:
    world = World([asks(call("look_up", text="tea")), says("Tea.")])
    world.llm.takes_seconds, world.tools.takes_seconds = 1.5, 0.25
    world.start()
    assert [event.duration_ms for event in world.journal.kinds("model.ended")] == [1500, 1500]
    assert [event.duration_ms for event in world.journal.kinds("attempt.ended", "tool.ended")] == [250, 250]
    assert {event.duration_ms for event in world.journal.kinds("model.started", "charge.booked")} == {None}


def test_a_start_is_durable_before_what_it_announces_begins() -> None:
    world = World([asks(call("look_up", text="tea")), says("Tea.")])
    world.start()
    flow = [kind for kind, _ in world.log]
    assert flow == ["commit", "llm", "commit", "tool", "commit", "llm", "commit", "end"]


def test_two_commits_a_turn_are_enough() -> None:
    world = World([asks(call("look_up", f"c{n}", text=str(n))) for n in range(9)] + [says("Done.")])
    world.start()
    assert (
        world.journal.commits == 2 * 9 + 1 + 2
    )  # each turn's call and tool, the last turn's call, its verdict, the end


@pytest.mark.parametrize("kills", ["model", "tool"])
def test_what_a_kill_cuts_is_ended_too(kills: str) -> None:
    world = World([asks(call("send", to="ann", text="hello")), says("Sent.")])
    world.journal.kill_at = 2
    if kills == "model":
        world.llm.script[0] = Interrupted(12)
    else:
        world.tools.replaced["post"] = fails(Interrupted())
        world.journal.kill_at = 3
    assert world.start().state == "killed"
    assert unended(world.journal.events) == []
    ends = world.journal.kinds("model.ended" if kills == "model" else "tool.ended")
    assert ends[-1].data["status"] == "killed"


def test_a_kill_while_waiting_to_retry_ends_the_call_and_gives_its_money_back() -> None:
    world = World([[refuses("overloaded")]])
    world.clock.cut_by_kill = True
    assert world.start().state == "killed"
    assert unended(world.journal.events) == []
    assert set(world.journal.holds.values()) == {"released"}


def test_a_word_of_hostile_length_is_shown_short_and_kept_whole() -> None:
    long = "tea " * 5_000
    world = World([AssistantMessage(text=long)])
    ending = world.start()
    shown = str(world.journal.kinds("model.ended")[0].data["text"])
    assert len(shown) < 2_100
    assert "20000 characters" in shown
    assert ending.answer == long


def test_an_empty_answer_is_sent_back_with_a_note() -> None:
    world = World([says("  "), says("Tea.")])
    assert world.start().answer == "Tea."
    assert len(world.journal.kinds("note.added")) == 1
