"""A tool with a fee is paid like an LLM: held before it leaves, settled by its attempts, given back when none was."""

import pytest

from agents.contracts.specs import ToolSpec
from agents.engine.ports import ImplementationFailed, Interrupted, KnownEffect
from agents.tools.chain import most_attempts
from budgets.pricing import PriceSnapshot, Rates, Usage
from tests.agents.engine.doubles import Crash, asks, call, fails, says, too_dear, unended
from tests.agents.engine.test_effects_happen_once import key_of_letter
from tests.agents.engine.world import LOOK_UP, SEND, SHOUT, World

FEE = 40_000_000_000
FEES = {
    name: PriceSnapshot(Rates.flat(input=0, output=0, per_request=FEE), "test list", "7")
    for name in ("look_up", "send", "shout")
}
READ = asks(call("look_up", text="tea"))
LETTER = asks(call("send", to="ann", text="hi"))


def fee_world(first: object = READ, *, at_cap: str = "stop") -> World:
    """A run whose tools have fees."""
    world = World([first, says("Tea, without look_up: I could not send it.")], at_cap=at_cap)  # type: ignore[list-item]  # an answer
    world.prices.fees = FEES
    return world


def tool_charges(world: World) -> list[tuple[object, object]]:
    """What was held and what was paid for tools."""
    return [(c["held_nanos"], c["cost_nanos"]) for c in world.charges() if str(c["llm"]).startswith("tool:")]


@pytest.mark.parametrize(("tool", "most"), [(LOOK_UP, 2), (SEND, 2), (SHOUT, 1)])
def test_as_many_fees_are_held_as_attempts_may_be_made(tool: ToolSpec, most: int) -> None:
    assert most_attempts(tool) == most


def test_the_hold_stands_in_the_commit_of_the_intent_and_is_settled_by_what_was_tried() -> None:
    world = fee_world()
    assert world.start().state == "completed"
    assert tool_charges(world) == [(2 * FEE, FEE)]
    (batch,) = [b for b in world.journal.batches if any(e.kind == "tool.started" for e in b.intents)]
    assert batch.hold is not None
    assert (batch.hold.llm, batch.hold.amount_nanos) == ("tool:look_up", 2 * FEE)
    assert (batch.hold.input_tokens, batch.hold.max_output_tokens) == (0, 0)
    paid = next(s for b in world.journal.batches for s in b.settlements if s.hold_id == batch.hold.hold_id)
    assert (paid.usage, paid.price.version, paid.unreconciled) == (Usage(0, 0), "7", False)
    spans = {e.span_id for e in world.journal.events if e.kind in ("tool.started", "tool.ended")}
    charge = next(e for e in world.journal.kinds("charge.booked") if e.data["llm"] == "tool:look_up")
    assert spans == {charge.span_id}


def test_each_attempt_is_paid_for() -> None:
    world = fee_world()
    world.tools.replaced["shelf"] = fails(ImplementationFailed("fell down"))
    assert world.start().state == "completed"
    assert tool_charges(world) == [(2 * FEE, 2 * FEE)]


def test_a_keyed_write_that_is_sent_again_costs_twice() -> None:
    world = fee_world(LETTER)
    world.tools.replaced["post"] = fails(ImplementationFailed("no"))
    assert world.start().state == "degraded"
    assert tool_charges(world) == [(2 * FEE, 2 * FEE)]


def test_what_never_left_is_given_back() -> None:
    world = fee_world()
    world.health.closed = {"look_up/shelf", "look_up/archive"}
    assert world.start().state == "degraded"
    assert tool_charges(world) == []
    assert sorted(world.journal.holds.values()) == ["released", "settled", "settled"]


@pytest.mark.parametrize(("at_cap", "state"), [("stop", "failed"), ("pause", "paused_budget")])
@pytest.mark.parametrize("letter", [False, True], ids=["read", "write"])
def test_at_the_cap_a_tool_is_refused_like_a_call_to_an_llm(at_cap: str, state: str, letter: bool) -> None:
    world = fee_world(LETTER if letter else READ, at_cap=at_cap)
    world.journal.refuse = too_dear(FEE)
    ending = world.start()
    asked = {"account_id": 7, "scope": "run", "limit_nanos": FEE, "asked_nanos": 2 * FEE}
    assert (ending.state, ending.detail) == (state, asked)
    assert (world.tools.invoked, world.journal.effects) == ([], {})
    assert world.journal.kinds("tool.started") == []
    if state == "paused_budget":
        world.journal.refuse = too_dear(2 * FEE)
        assert world.start().state == "completed"
        assert (len(world.tools.invoked), len(world.llm.requests)) == (1, 2)


@pytest.mark.parametrize(("began", "paid"), [(True, 2 * FEE), (False, None)])
def test_a_kill_costs_all_that_was_held_unless_nothing_had_begun(began: bool, paid: int | None) -> None:
    world = fee_world()
    world.tools.replaced["shelf"] = fails(Interrupted(may_be_billed=began))
    world.journal.kill_at = 3
    assert world.start().state == "killed"
    assert tool_charges(world) == ([] if paid is None else [(2 * FEE, paid)])
    assert "open" not in world.journal.holds.values()
    assert unended(world.journal.events) == []


def test_a_kill_before_the_second_attempt_costs_the_first() -> None:
    world = fee_world()
    world.tools.replaced["shelf"] = fails(ImplementationFailed("fell down"))
    world.tools.replaced["archive"] = fails(Interrupted(may_be_billed=False))
    world.journal.kill_at = 3
    assert world.start().state == "killed"
    assert tool_charges(world) == [(2 * FEE, FEE)]


def test_a_letter_from_the_record_costs_nothing() -> None:
    world = fee_world(LETTER)
    world.journal.effects[key_of_letter()] = KnownEffect("succeeded", {"sent_to": "ann"}, "c9", "other run")
    assert world.start().state == "completed"
    assert tool_charges(world) == []
    assert len(world.journal.holds) == 2


def test_a_letter_that_another_run_sends_at_the_same_moment_costs_nothing() -> None:
    world = fee_world(LETTER)
    world.journal.faster[key_of_letter()] = KnownEffect("succeeded", {"sent_to": "ann"}, "c9", "other run")
    assert world.start().state == "completed"
    assert tool_charges(world) == []
    assert "open" not in world.journal.holds.values()


@pytest.mark.parametrize(
    "called", [call("look_up", text=5), call("nothing", text="tea"), call("read_more", handle="x")]
)
def test_a_call_that_is_answered_by_the_runtime_costs_nothing(called: object) -> None:
    world = fee_world(asks(called))  # type: ignore[arg-type]  # a call
    assert world.start().state == "completed"
    assert tool_charges(world) == []


def test_a_read_cut_off_by_a_crash_is_paid_again_when_it_is_made_again() -> None:
    world = fee_world()
    world.tools.replaced["shelf"] = fails(Crash())
    with pytest.raises(Crash):
        world.start()
    world.tools.replaced.clear()
    assert world.start().state == "completed"
    assert tool_charges(world) == [(2 * FEE, FEE)]
    assert world.journal.holds["run:1:2"] == "open", "what the dead worker held is charged by whoever takes over"


def test_a_tool_without_a_fee_has_no_hold() -> None:
    world = World([READ, says("Tea.")])
    world.start()
    assert len(world.journal.holds) == 2


def test_the_fee_of_a_failed_attempt_is_told_to_its_breaker() -> None:
    world = fee_world()
    world.tools.replaced["shelf"] = fails(ImplementationFailed("fell down"))
    world.start()
    fees = {each.link: each.cost_nanos for each in world.health.counted if each.link.startswith("look_up/")}
    assert fees == {"look_up/shelf": FEE, "look_up/archive": 0}
