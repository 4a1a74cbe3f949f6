"""At the cap: a shorter answer, then the tier's cheaper LLM for the rest of the run, then stop or pause."""

import pytest

from agents.contracts.endings import Ending
from agents.contracts.specs import LoopLimits
from agents.contracts.steps import LLMStep, RouteStep, ToolStep
from budgets.pricing import PriceSnapshot, Rates
from tests.agents.engine.doubles import USD, Crash, Script, asks, call, refuses, response, says, too_dear
from tests.agents.engine.world import FIRST, SECOND, World, spec_of

CHEAP = "test:cheap"
CHEAP_PRICE = PriceSnapshot(rates=Rates.flat(input=USD // 10, output=USD // 10), source="test list", version="1")
SCRIPT: Script = [asks(call("look_up", "c1", text="tea")), asks(call("look_up", "c2", text="cup")), says("Tea.")]


def poor(script: Script = SCRIPT, *, at_cap: str = "pause", cheaper: str = CHEAP) -> World:
    """A run whose money reaches for one dear call, and for cheap ones after that."""
    world = World(script, at_cap=at_cap, cheaper_llm=cheaper)
    world.prices.prices[CHEAP] = CHEAP_PRICE
    world.journal.refuse = lambda amount: too_dear(USD if not world.llm.requests else 1_000_000)(amount)
    return world


def test_a_run_goes_on_with_the_cheaper_llm_for_the_rest() -> None:
    world = poor()
    assert world.start().answer == "Tea."
    assert world.llm.asked == [FIRST, CHEAP, CHEAP]
    fallbacks = [event.data for event in world.journal.kinds("model.fallback")]
    assert fallbacks == [{"from": FIRST, "to": CHEAP, "error": "budget"}]
    routes = [step.output for step in world.journal.steps if isinstance(step.output, RouteStep)]
    assert routes == [RouteStep(llm=CHEAP)]
    assert {charge["llm"] for charge in world.charges()} == {FIRST, CHEAP}


def test_more_money_later_does_not_change_the_llm_back() -> None:
    world = poor()
    world.llm.on_the_way = lambda: setattr(world.journal, "refuse", too_dear(USD)) if len(world.llm.asked) > 1 else None
    assert world.start().state == "completed"
    assert world.llm.asked == [FIRST, CHEAP, CHEAP]


COMMITS = 8  # the last of them is the end


@pytest.mark.parametrize("written", [True, False], ids=["after", "before"])
@pytest.mark.parametrize("commit", range(1, COMMITS))
def test_a_crash_at_any_commit_keeps_to_the_cheaper_llm(commit: int, written: bool) -> None:
    world = poor()
    world.journal.crash_after, world.journal.crash_at = (commit, 0) if written else (0, commit)
    with pytest.raises(Crash):
        world.start()
    assert world.journal.ending is None
    asked_before = len(world.llm.asked)
    routed = any(isinstance(step.output, RouteStep) for step in world.journal.steps)
    assert world.start().answer == "Tea."
    if routed:
        assert set(world.llm.asked[asked_before:]) <= {CHEAP}
    answered = [step.output.llm for step in world.journal.steps if isinstance(step.output, LLMStep)]
    assert answered[1:] == [CHEAP, CHEAP]
    assert sum(isinstance(step.output, RouteStep) for step in world.journal.steps) == 1


@pytest.mark.parametrize(("at_cap", "state"), [("stop", "failed"), ("pause", "paused_budget")])
def test_when_the_cheaper_one_is_too_dear_as_well_it_stops_or_pauses(at_cap: str, state: str) -> None:
    world = poor(at_cap=at_cap)
    world.journal.refuse = too_dear(1_000)
    ending = world.start()
    asked = int(str(ending.detail["asked_nanos"]))
    assert (ending.state, ending.detail["scope"]) == (state, "run")
    assert 1_000 < asked < 1_000_000, "the cheaper call is what was refused last"
    assert world.llm.requests == []
    assert world.journal.kinds("model.started", "model.fallback") == []
    assert not any(isinstance(step.output, RouteStep) for step in world.journal.steps)


@pytest.mark.parametrize("cheaper", ["", FIRST], ids=["none", "the same"])
def test_without_another_one_it_pauses_at_once(cheaper: str) -> None:
    world = poor(cheaper=cheaper)
    assert world.start().state == "paused_budget"
    assert world.llm.asked == [FIRST]


def test_a_cheaper_llm_that_fails_ends_the_run_with_its_reason() -> None:
    world = poor([asks(call("look_up", text="tea")), refuses("not_found", "gone")])
    ending = world.start()
    assert (ending.state, ending.reason) == ("failed", "No LLM answered. not found: gone")


def test_a_second_llm_of_the_chain_that_does_not_fit_makes_way_too() -> None:
    world = poor([[refuses("not_found"), says("Tea.")]])
    world.prices.prices[SECOND] = PriceSnapshot(Rates.flat(input=USD, output=90 * USD), "test list", "1")
    world.journal.refuse = too_dear(100_000)
    world.prices.prices[FIRST] = CHEAP_PRICE
    world.journal.refuse = lambda amount: too_dear(500_000)(amount)
    assert world.start().answer == "Tea."
    assert world.llm.asked == [FIRST, CHEAP]


def paused() -> tuple[World, Ending]:
    """A run that was paused in its second turn, with its first one recorded."""
    world = World(SCRIPT, at_cap="pause")
    world.journal.refuse = lambda amount: too_dear(1)(amount) if world.llm.requests else None
    return world, world.start()


def test_a_pause_names_the_account_that_refused() -> None:
    world, ending = paused()
    refused = [int(str(batch.hold.amount_nanos)) for batch in world.journal.batches if batch.hold][-1]
    assert ending.state == "paused_budget"
    assert ending.detail == {"account_id": 7, "scope": "run", "limit_nanos": 1, "asked_nanos": refused}
    assert ending.reason.startswith("The budget of this run is")


def test_a_resumed_run_makes_the_call_that_was_refused_once_and_repeats_nothing() -> None:
    world, _ = paused()
    before, asked, invoked = list(world.journal.steps), len(world.llm.requests), len(world.tools.invoked)
    world.journal.refuse = too_dear(USD)
    assert world.start().answer == "Tea."
    assert world.journal.steps[: len(before)] == before
    again = world.llm.requests[asked:]
    assert [sum(m.role == "assistant" for m in request.messages) for request in again] == [1, 2]
    assert len(world.tools.invoked) == invoked + 1
    told = [step.output.result.call_id for step in world.journal.steps if isinstance(step.output, ToolStep)]
    assert told == ["c1", "c2"]
    assert world.journal.steps[len(before)].number == len(before) + 1
    assert list(world.journal.holds.values()) == ["settled"] * 3


def test_a_pause_without_new_money_pauses_again_and_sends_nothing() -> None:
    world, _ = paused()
    asked = len(world.llm.requests)
    assert world.start().state == "paused_budget"
    assert len(world.llm.requests) == asked


def test_the_limit_of_turns_counts_both_llms() -> None:
    world = poor([response(asks(call("look_up", f"c{n}", text=str(n))), FIRST) for n in range(5)])
    world.spec = spec_of(limits=LoopLimits(max_turns=3))
    assert world.start().reason == "The run has used its 3 turns."
