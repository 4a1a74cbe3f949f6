"""A worker that is being stopped hands its run on when a step ends; what it had sent is paid for."""

from agents.engine.ports import Interrupted
from tests.agents.engine.doubles import asks, call, refuses, says
from tests.agents.engine.world import World


def leaving(world: World) -> World:
    """The worker is told to stop while the first LLM call is under way."""

    def told() -> None:
        world.leaving = len(world.llm.requests) == 1

    world.llm.on_the_way = told
    return world


def test_an_answer_that_came_is_recorded_and_the_next_worker_goes_on_from_it() -> None:
    world = leaving(World([asks(call("look_up", text="tea")), says("Tea is a plant.")]))
    assert world.start().state == "queued"
    assert [step.output.kind for step in world.journal.steps] == ["llm"]
    assert world.tools.names == []
    assert [event.data["reason"] for event in world.journal.kinds("run.handed_on")] == [
        "Its worker is being stopped: another one goes on from the last recorded step."
    ]
    assert not world.journal.kinds("run.paused", "run.ended")
    world.leaving = False
    assert world.start().state == "completed"
    assert (len(world.llm.requests), world.tools.names) == (2, ["shelf"])
    assert set(world.journal.holds.values()) == {"settled"}


def test_no_call_of_a_batch_is_begun_once_the_worker_leaves() -> None:
    world = World([asks(call("look_up", "c1", text="tea"), call("look_up", "c2", text="milk")), says("Both.")])

    def told() -> None:
        world.leaving = len(world.tools.names) == 1

    world.tools.on_the_way = told
    assert world.start().state == "queued"
    assert (world.tools.names, len(world.results)) == (["shelf"], 1)
    world.leaving = False
    assert world.start().state == "completed"
    assert world.tools.names == ["shelf", "shelf"]


def test_a_call_that_was_cut_at_the_end_is_charged_and_asked_again_by_the_next_worker() -> None:
    world = leaving(World([[Interrupted(output_characters=30), says("Tea is a plant.")]]))
    assert world.start().state == "queued"
    charge = world.charges()[0]
    assert (charge["cost_nanos"], charge["unreconciled"]) == (charge["held_nanos"], True)
    ended = world.journal.kinds("model.ended")[0].data
    assert (ended["status"], ended["error"]) == ("failed", "stopped")
    world.leaving = False
    assert world.start().state == "completed"


def test_nobody_waits_for_the_next_attempt_on_a_worker_that_leaves() -> None:
    world = leaving(World([[refuses("overloaded"), says("Tea.")]]))
    before = world.clock.now()
    assert world.start().state == "queued"
    assert (world.clock.now() - before).total_seconds() < 0.5
    assert (set(world.journal.holds.values()), world.journal.cost_nanos) == ({"released"}, 0)
