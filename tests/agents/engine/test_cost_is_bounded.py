"""Pattern 5: no hold, no call; what does not fit gets shorter, then stops or pauses; holds close once."""

import pytest

from agents.contracts.llms import LLMError
from agents.contracts.messages import AssistantMessage
from agents.contracts.specs import LoopLimits
from agents.engine.ports import Interrupted
from budgets.pricing import Usage, cost_nanos
from tests.agents.engine.doubles import PRICE, USD, asks, call, refuses, response, says, too_dear
from tests.agents.engine.world import World, spec_of


def test_the_hold_covers_the_prompt_and_the_longest_answer() -> None:
    world = World([says("Tea.")])
    world.start()
    placed = world.journal.kinds("hold.placed")[0].data
    most = Usage(int(str(placed["input_tokens"])), int(str(placed["max_output_tokens"])))
    assert placed["amount_nanos"] == cost_nanos(most, PRICE.rates)
    assert world.llm.requests[0].max_output_tokens == most.output_tokens == 2_000


def test_the_charge_is_what_the_vendor_reported_at_the_price_of_the_hold() -> None:
    world = World([response(says("Tea."), "x:y", usage=Usage(1_000, 500))])
    world.start()
    charge = world.journal.kinds("charge.booked")[0].data
    assert charge["cost_nanos"] == (1_000 * 2 * USD + 500 * 8 * USD) // 10**6
    assert (charge["price_source"], charge["price_version"]) == ("test list", "1")
    assert charge["unreconciled"] is False


def test_a_call_without_reported_usage_is_charged_in_full() -> None:
    world = World([response(says("Tea."), "x:y", usage=None)])
    world.start()
    charge = world.journal.kinds("charge.booked")[0].data
    assert charge["cost_nanos"] == charge["held_nanos"]
    assert charge["unreconciled"] is True


def test_a_vendor_that_bills_above_the_ceiling_is_booked_and_flagged() -> None:
    world = World([response(says("Tea."), "x:y", usage=Usage(900_000, 9_000))])
    world.start()
    charge = world.journal.kinds("charge.booked")[0].data
    assert charge["over_ceiling"] is True
    assert charge["cost_nanos"] == cost_nanos(Usage(900_000, 9_000), PRICE.rates)


def test_charges_add_up_over_the_run() -> None:
    world = World([asks(call("look_up", text="tea")), says("Tea.")])
    world.start()
    sums = [event.data["run_cost_nanos"] for event in world.journal.kinds("charge.booked")]
    assert sums == [360_000, 720_000]
    assert world.journal.cost_nanos == 720_000


def test_a_call_that_does_not_fit_goes_with_a_shorter_answer() -> None:
    world = World([says("Tea.")])
    world.journal.refuse = too_dear(8_000_000)
    assert world.start().state == "completed"
    asked = world.llm.requests[0].max_output_tokens
    assert 256 <= asked < 1_000
    assert len(world.journal.kinds("hold.placed", "model.started")) == 2


@pytest.mark.parametrize(("at_cap", "state"), [("stop", "failed"), ("pause", "paused_budget")])
def test_a_call_that_cannot_be_made_to_fit_stops_or_pauses_as_the_tier_says(at_cap: str, state: str) -> None:
    world = World([says("Tea.")], at_cap=at_cap)
    world.journal.refuse = too_dear(1_000_000)
    ending = world.start()
    assert ending.state == state
    assert ending.reason.startswith("The budget of this run is")
    assert world.llm.requests == []
    assert world.journal.kinds("model.started", "hold.placed") == []


def test_a_run_paused_at_its_cap_goes_on_where_it_stopped() -> None:
    world = World([asks(call("look_up", text="tea")), says("Tea.")], at_cap="pause")
    world.journal.refuse = lambda amount: too_dear(1)(amount) if world.llm.requests else None
    assert world.start().state == "paused_budget"
    world.journal.refuse = too_dear(USD)
    assert world.start().answer == "Tea."
    assert len(world.llm.requests) == 2
    assert world.tools.names == ["shelf"]


def test_every_call_has_a_hold_before_it_and_every_hold_is_closed() -> None:
    world = World(
        [
            [refuses("overloaded"), asks(call("look_up", text="tea"))],
            [LLMError("cut", "stopped", output_characters=9), asks(call("look_up", "c2", text="cup"))],
            [refuses("not_found", "gone"), says("Tea.")],
        ]
    )
    world.start()
    assert len(world.journal.holds) == 5
    assert sorted(world.journal.holds.values()) == ["released", "settled", "settled", "settled", "settled"]
    booked = {event.data["hold"] for event in world.journal.kinds("charge.booked", "hold.released")}
    assert booked == set(world.journal.holds)


def test_holds_of_a_second_worker_have_names_of_their_own() -> None:
    world = World([asks(call("pay", to="ann", text="1")), says("Paid.")])
    assert world.start().state == "waiting_approval"
    world.journal.decisions.clear()
    world.journal.effects.clear()
    world.spec = spec_of(tools=())
    world.start()
    assert set(world.journal.holds) == {"run:1:1", "run:2:1"}


def test_a_call_cut_by_a_kill_is_charged_in_full_and_shows_what_was_heard() -> None:
    world = World([Interrupted(output_characters=30)])
    world.journal.kill_at = 2
    assert world.start().state == "killed"
    charge = world.journal.kinds("charge.booked")[0].data
    assert charge["cost_nanos"] == charge["held_nanos"]
    assert (charge["unreconciled"], charge["estimated_because"]) == (True, "the call was cut before its end")
    assert world.journal.kinds("model.ended")[0].data["output_tokens"] == 10


def test_a_call_that_a_kill_forestalled_costs_nothing() -> None:
    world = World([Interrupted(may_be_billed=False)])
    world.journal.kill_at = 2
    assert world.start().state == "killed"
    assert (set(world.journal.holds.values()), world.journal.cost_nanos) == ({"released"}, 0)


def test_turns_are_limited() -> None:
    loops = [asks(call("look_up", f"c{n}", text=str(n))) for n in range(4)]
    world = World([*loops, says("Never.")], spec_of(limits=LoopLimits(max_turns=3)))
    ending = world.start()
    assert (ending.state, ending.reason) == ("failed", "The run has used its 3 turns.")
    assert len(world.llm.requests) == 3


def test_wall_time_is_limited() -> None:
    world = World([asks(call("look_up", text="tea")), says("Never.")], spec_of(limits=LoopLimits(max_seconds=60)))
    world.tools.takes_seconds = 60
    ending = world.start()
    assert (ending.state, ending.reason) == ("failed", "The run has used its 60 seconds.")


def test_the_same_call_is_nudged_then_blocked_then_ends_the_run() -> None:
    limits = LoopLimits(nudge_after=1, block_after=2, stop_after=4)
    world = World([asks(call("look_up", f"c{n}", text="tea")) for n in range(9)], spec_of(limits=limits))
    ending = world.start()
    assert ending.state == "failed"
    assert ending.reason == "Runaway: look_up was called 5 times with the same arguments."
    assert [result.status for result in world.results] == ["ok", "ok", "blocked", "blocked"]
    assert "very call 2 times" in str(world.content(1)["note"])
    assert world.tools.names == ["shelf", "shelf"]
    assert [event.data["repeats"] for event in world.journal.kinds("call.blocked")] == [2, 3, 4]


def test_calls_that_differ_are_not_repeats() -> None:
    world = World([asks(call("look_up", f"c{n}", text=f"tea {n}")) for n in range(9)] + [says("Done.")])
    assert world.start().state == "completed"
    assert world.journal.kinds("call.blocked") == []


def test_the_order_of_arguments_makes_no_other_call() -> None:
    one, two = call("look_up", "c1", text="tea", count=2), call("look_up", "c2", count=2, text="tea")
    world = World([asks(one, two), says("Done.")])
    world.start()
    assert max(world.state.repeats.values()) == 2


def in_turns(*texts: str) -> list[AssistantMessage]:
    """Calls that ask for these by turns, for longer than a run may."""
    return [asks(call("look_up", f"c{n}", text=texts[n % len(texts)])) for n in range(30)]


def test_calls_in_turns_are_noticed_as_a_circle_nudged_blocked_and_stopped() -> None:
    limits = LoopLimits(nudge_after=2, block_after=3, stop_after=5, max_turns=30)
    world = World(in_turns("tea", "cup"), spec_of(limits=limits))
    ending = world.start()
    assert ending.state == "failed"
    assert ending.reason.startswith("Runaway: look_up was called")
    assert ending.reason.endswith("in a circle of look_up and look_up.")
    assert [result.status for result in world.results] == ["ok"] * 4 + ["blocked"] * 4
    assert "You go round in a circle of 2 calls" in str(world.content(3)["note"])
    noted = world.journal.kinds("note.added")[0].data
    assert noted["circle"] == ["look_up", "look_up"]
    assert all(event.data["circle"] for event in world.journal.kinds("call.blocked"))
    assert len(world.tools.names) == 4


def test_a_circle_of_four_is_stopped_in_its_fifth_round() -> None:
    world = World(in_turns("tea", "cup", "pot", "jug"), spec_of(limits=LoopLimits(max_turns=30)))
    assert "circle of look_up and look_up and look_up and look_up" in world.start().reason
    assert len(world.tools.names) == 8
    assert len(world.results) == 16


def test_a_circle_is_noticed_after_a_crash_too() -> None:
    world = World(in_turns("tea", "cup"), spec_of(limits=LoopLimits(max_turns=30)))
    world.start()
    assert world.fresh().trail == world.state.trail
