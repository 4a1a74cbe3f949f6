"""Each attempt that may be billed has money of its own: what the first one may have cost is charged before the next."""

import pytest

from agents.contracts.llms import FailureKind, LLMError
from agents.contracts.specs import LoopLimits
from budgets.pricing import Usage, cost_nanos
from tests.agents.engine.doubles import PRICE, asks, call, refuses, says, too_dear, unended
from tests.agents.engine.world import FIRST, SECOND, World, spec_of

MAYBE: list[FailureKind] = ["timeout", "connection", "bad_answer", "cut", "overloaded"]


@pytest.mark.parametrize("kind", MAYBE)
def test_a_call_that_may_have_been_billed_is_charged_in_full_before_it_is_tried_again(kind: FailureKind) -> None:
    world = World([[LLMError(kind, "who knows"), says("Tea.")]])
    assert world.start().answer == "Tea."
    assert world.llm.asked == [FIRST, FIRST]
    lost, answered = world.charges()
    assert (lost["cost_nanos"], lost["unreconciled"]) == (lost["held_nanos"], True)
    assert lost["estimated_because"] == f"the call failed: {kind}"
    assert (answered["hold"], answered["unreconciled"]) == ("run:1:2", False)
    assert set(world.journal.holds.values()) == {"settled"}
    assert len(world.journal.kinds("model.started")) == 2
    assert unended(world.journal.events) == []


def test_the_charge_stands_before_the_next_attempt_leaves() -> None:
    world = World([[LLMError("timeout", "late"), says("Tea.")]])
    costs: list[int] = []
    world.llm.on_the_way = lambda: costs.append(world.journal.cost_nanos)
    world.start()
    assert costs[0] == 0
    assert costs[1] == world.charges()[0]["held_nanos"]


def test_refusals_are_tried_again_under_the_same_hold_and_cost_nothing() -> None:
    world = World([[refuses("overloaded"), refuses("rate_limited"), says("Tea.")]])
    world.start()
    assert list(world.journal.holds.values()) == ["settled"]
    assert len(world.charges()) == 1


def test_a_mixture_is_charged_for_what_may_have_been_billed() -> None:
    world = World([[refuses("overloaded"), LLMError("timeout", "late"), refuses("overloaded")]])
    world.spec = spec_of(limits=LoopLimits(llm_attempts=3))
    assert world.start().state == "failed"
    first = [hold for hold, state in world.journal.holds.items() if state == "settled"]
    assert first == ["run:1:1"]
    assert world.llm.asked == [FIRST] * 3 + [SECOND] * 3


def test_a_vendor_that_times_out_again_and_again_cannot_pass_the_cap() -> None:
    world = World([[LLMError("timeout", "late")]], spec_of(limits=LoopLimits(llm_attempts=9)), at_cap="pause")
    cap = 50_000_000

    world.journal.refuse = lambda amount: too_dear(cap - world.journal.cost_nanos)(amount)
    assert world.start().state == "paused_budget"
    assert 0 < world.journal.cost_nanos <= cap
    assert world.journal.cost_nanos == sum(int(str(charge["held_nanos"])) for charge in world.charges())


def test_a_usage_that_was_reported_before_the_failure_is_the_least_that_is_charged() -> None:
    usage = Usage(5_000, 1_500)
    world = World([[LLMError("cut", "stopped", usage=usage, vendor_usage={"seen": 1}), says("Tea.")]])
    world.start()
    charge = world.charges()[0]
    assert charge["cost_nanos"] == max(int(str(charge["held_nanos"])), cost_nanos(usage, PRICE.rates))
    settled = next(batch.settlements[0] for batch in world.journal.batches if batch.settlements)
    assert (settled.vendor_usage, settled.usage) == ({"seen": 1}, usage)


def test_the_vendors_last_word_is_what_a_failed_call_costs() -> None:
    final = LLMError("bad_answer", "unreadable", usage=Usage(10, 5), usage_is_final=True)
    world = World([[final, says("Tea.")]])
    world.start()
    charge = world.charges()[0]
    assert (charge["cost_nanos"], charge["unreconciled"]) == (cost_nanos(Usage(10, 5), PRICE.rates), False)


def test_a_kill_between_two_attempts_owes_nothing_more() -> None:
    world = World([asks(call("look_up", text="tea")), [LLMError("timeout", "late"), says("Never.")]])
    world.clock.cut_by_kill = True
    assert world.start().state == "killed"
    assert list(world.journal.holds.values()) == ["settled", "settled"]
    assert unended(world.journal.events) == []
