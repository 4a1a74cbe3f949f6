"""A kill stops a run at any commit and in any call; a crash at any commit leaves its answer the same."""

import pytest

from agents.contracts.endings import Ending
from agents.contracts.specs import LoopLimits
from agents.contracts.steps import LLMStep, ToolStep
from agents.engine.ports import Interrupted, LostLease
from tests.agents.engine.doubles import Crash, Script, asks, call, fails, refuses, says, unended
from tests.agents.engine.world import World, spec_of


def script() -> Script:
    """A run that reads, writes, errs, retries, and is rejected once by the critic."""
    return [
        [
            refuses("overloaded"),
            asks(call("look_up", "c1", text="tea"), call("look_up", "c2", text=5)),
        ],
        asks(call("send", "c3", to="ann", text="hi"), call("look_up", "c4", text="cup")),
        says("Tea."),
        asks(call("look_up", "c5", text="tea", count=2)),
        says("Tea [1] in a cup [2]."),
    ]


def busy() -> World:
    """That run, not yet started."""
    return World(script(), spec_of(checks=[("citations", {"minimum": 2})], limits=LoopLimits(max_revisions=1)))


def undisturbed() -> tuple[World, Ending]:
    """How it goes when nothing goes wrong."""
    world = busy()
    return world, world.start()


COMMITS = undisturbed()[0].journal.commits
CALLS = undisturbed()[0].log


def test_the_run_that_is_disturbed_below_is_a_rich_one() -> None:
    world, ending = undisturbed()
    assert ending.state == "completed"
    assert ending.answer == "Tea [1] in a cup [2]."
    assert COMMITS >= 10
    assert len(world.journal.kinds("model.retried", "call.rejected", "verdict.given")) == 4


@pytest.mark.parametrize("commit", range(1, COMMITS))
def test_nothing_starts_after_the_commit_that_brought_the_kill(commit: int) -> None:
    world = busy()
    world.journal.kill_at = commit
    assert world.start().state == "killed"
    after = world.log[world.log.index(("commit", str(commit))) :]
    assert {kind for kind, _ in after} <= {"commit", "end"}
    assert "open" not in world.journal.holds.values()
    assert unended(world.journal.events) == []
    assert [event.data["state"] for event in world.journal.kinds("run.ended")] == ["killed"]


@pytest.mark.parametrize("commit", range(1, COMMITS))
def test_a_paused_run_starts_nothing_and_later_comes_to_the_same_answer(commit: int) -> None:
    world = busy()
    world.journal.pause_at = commit
    assert world.start().state == "paused"
    after = world.log[world.log.index(("commit", str(commit))) :]
    assert {kind for kind, _ in after} <= {"commit", "end"}
    assert "open" not in world.journal.holds.values()
    world.journal.pause_at = 0
    assert world.start() == undisturbed()[1]


@pytest.mark.parametrize("place", [place for place, (kind, _) in enumerate(CALLS) if kind in ("llm", "tool")])
def test_a_kill_in_any_call_in_flight_ends_the_run_there(place: int) -> None:
    world = busy()

    def cut() -> None:
        if len(world.log) == place + 1:
            world.journal.kill_at = world.journal.commits + 1
            raise Interrupted(output_characters=7 if CALLS[place][0] == "llm" else 0)

    world.llm.on_the_way = world.tools.on_the_way = cut
    assert world.start().state == "killed"
    assert world.log[: place + 1] == CALLS[: place + 1]
    assert {kind for kind, _ in world.log[place + 1 :]} <= {"commit", "end"}
    assert "open" not in world.journal.holds.values()
    assert unended(world.journal.events) == []
    assert all(effect.state != "started" for effect in world.journal.effects.values())


def test_a_killed_run_keeps_its_best_draft() -> None:
    world = busy()
    world.journal.kill_at = COMMITS - 1
    assert world.start().answer == "Tea [1] in a cup [2]."


@pytest.mark.parametrize("written", [True, False], ids=["after", "before"])
@pytest.mark.parametrize("commit", range(1, COMMITS + 1))
def test_a_crash_at_any_commit_changes_nothing_about_the_answer(commit: int, written: bool) -> None:
    world = busy()
    world.journal.crash_after, world.journal.crash_at = (commit, 0) if written else (0, commit)
    with pytest.raises(Crash):
        world.start()
    if world.journal.ending is not None:
        assert commit == COMMITS
        return
    recorded, asked_before, invoked_before = (
        list(world.journal.steps),
        len(world.llm.requests),
        len(world.tools.invoked),
    )
    assert world.start() == undisturbed()[1]
    assert world.journal.steps[: len(recorded)] == recorded
    turns = sum(isinstance(step.output, LLMStep) for step in recorded)
    answers = [sum(m.role == "assistant" for m in r.messages) for r in world.llm.requests[asked_before:]]
    assert all(heard >= turns for heard in answers)
    done = {step.output.result.call_id for step in recorded if isinstance(step.output, ToolStep)}
    assert done.isdisjoint(told.call_id for _, _, told in world.tools.invoked[invoked_before:])
    assert outputs(world) == outputs(undisturbed()[0])


def outputs(world: World) -> list[object]:
    """What is recorded, without what differs between one life and two."""
    return [step.output for step in world.journal.steps]


def test_a_crash_after_the_last_rejected_draft_asks_for_no_other() -> None:
    spec = spec_of(checks=[("required", {"phrases": ["cup"]})], limits=LoopLimits(max_revisions=1))
    world = World([says("Tea."), says("Pot."), says("Never asked for.")], spec)
    world.journal.crash_after = 3
    with pytest.raises(Crash):
        world.start()
    ending = world.start()
    assert (ending.state, ending.answer) == ("flagged", "Tea.")
    assert len(world.llm.requests) == 2


@pytest.mark.parametrize("commit", range(1, COMMITS + 1))
def test_a_worker_that_lost_its_lease_records_nothing_more(commit: int) -> None:
    world = busy()
    world.journal.lose_at = commit
    with pytest.raises(LostLease):
        world.start()
    assert world.journal.ending is None
    assert len(world.journal.batches) == commit - 1
    assert ("commit", str(commit)) not in world.log


def test_a_crash_in_each_tool_leaves_one_letter() -> None:
    world = busy()
    world.tools.replaced["shelf"] = fails(Crash())
    with pytest.raises(Crash):
        world.start()
    world.tools.replaced.clear()
    assert world.start() == undisturbed()[1]
    assert world.tools.names.count("post") == 1


def test_a_hole_in_the_recorded_steps_is_noticed() -> None:
    world, _ = undisturbed()
    del world.journal.steps[2]
    with pytest.raises(ValueError, match="step 3 is missing"):
        world.fresh()
