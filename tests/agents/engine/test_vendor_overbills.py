"""A vendor that bills above the hold is booked in full, flagged, and asked no more; within it, never above."""

from hypothesis import given, settings
from hypothesis import strategies as st

from agents.contracts.llms import LLMError
from budgets.pricing import LongContextTier, PriceSnapshot, Rates, TokenRates, Usage, cost_nanos
from tests.agents.engine.doubles import PRICE, asks, call, response, says
from tests.agents.engine.world import FIRST, SECOND, SUMMARY, World, spec_of

HUGE = Usage(900_000, 9_000)
READS = asks(call("look_up", text="tea"))


def test_the_breaker_opens_at_once_and_the_run_goes_on_along_its_chain() -> None:
    world = World([response(READS, FIRST, usage=HUGE), says("Tea.")])
    assert world.start().answer == "Tea."
    assert world.llm.asked == [FIRST, SECOND]
    first, second = world.charges()
    assert (first["cost_nanos"], first["over_ceiling"]) == (cost_nanos(HUGE, PRICE.rates), True)
    assert second["over_ceiling"] is False
    assert world.health.tripped == {f"llm/{FIRST}": "billed $1.87 where $0.0191 was held"}
    event = world.journal.kinds("breaker.tripped")[0].data
    assert (event["llm"], event["reason"]) == (FIRST, world.health.tripped[f"llm/{FIRST}"])


def test_a_run_without_another_llm_stops() -> None:
    world = World([response(READS, FIRST, usage=HUGE), says("Never.")])
    world.health.closed = {f"llm/{SECOND}"}
    world.health.tripped = {f"llm/{SECOND}": "billed too much in another run"}
    ending = world.start()
    assert (ending.state, ending.reason) == ("failed", "No LLM answered. Each of them is switched off.")
    assert world.llm.asked == [FIRST]


def test_a_failed_call_that_was_billed_above_its_hold_is_not_tried_again() -> None:
    cut = LLMError("timeout", "late", usage=HUGE)
    world = World([[cut, says("Tea.")]])
    assert world.start().answer == "Tea."
    assert world.llm.asked == [FIRST, SECOND]
    charge = world.charges()[0]
    assert (charge["cost_nanos"], charge["over_ceiling"]) == (cost_nanos(HUGE, PRICE.rates), True)
    assert f"llm/{FIRST}" in world.health.tripped


def test_a_summary_that_was_billed_above_its_hold_trips_its_own_llm() -> None:
    long = "tea " * 3_000
    reads = [asks(call("look_up", f"c{n}", text=f"{n} {long}"[:2_000])) for n in range(4)]
    memory = spec_of().memory.model_copy(update={"soft_tokens": 1_500, "kept_turns": 1})
    world = World([*reads, says("Done.")], spec_of(memory=memory, summary_llm=SUMMARY))
    world.llm.summaries = [response(says("{}"), SUMMARY, usage=HUGE)]
    assert world.start().state == "completed"
    assert set(world.health.tripped) == {f"llm/{SUMMARY}"}


def rates() -> st.SearchStrategy[TokenRates]:
    """Token rates of any shape: cache dearer than input, reasoning dearer than output."""
    rate = st.integers(0, 10**11)
    return st.builds(TokenRates, input=rate, output=rate, cache_read=rate, cache_write=rate, reasoning=st.none() | rate)


@st.composite
def prices(draw: st.DrawFn) -> PriceSnapshot:
    """A price with up to two long-context tiers that may start inside the prompt, and a fee per request."""
    starts = sorted(draw(st.sets(st.integers(0, 3_000), max_size=2)))
    tiers = tuple(LongContextTier(start, draw(rates())) for start in starts)
    return PriceSnapshot(Rates(draw(rates()), draw(st.integers(0, 10**9)), tiers), "any", "1")


@st.composite
def within(draw: st.DrawFn, input_tokens: int, output_tokens: int) -> Usage:
    """A usage within what a hold was sized for."""
    read = draw(st.integers(0, input_tokens))
    out = draw(st.integers(0, output_tokens))
    cached = draw(st.integers(0, read))
    return Usage(read, out, cached, draw(st.integers(0, read - cached)), draw(st.integers(0, out)))


@settings(max_examples=150, deadline=None)
@given(price=prices(), data=st.data())
def test_within_the_tokens_of_its_hold_no_usage_costs_more_than_was_held(
    price: PriceSnapshot, data: st.DataObject
) -> None:
    world = World([says("Tea.")])
    world.prices.prices[FIRST] = price

    def answer() -> None:
        hold = next(batch.hold for batch in world.journal.batches if batch.hold is not None)
        usage = data.draw(within(hold.input_tokens, hold.max_output_tokens))
        world.llm.script[0] = response(says("Tea."), FIRST, usage=usage)

    world.llm.on_the_way = answer
    assert world.start().state == "completed"
    (charge,) = world.charges()
    assert int(str(charge["cost_nanos"])) <= int(str(charge["held_nanos"]))
    assert (charge["over_ceiling"], charge["unreconciled"]) == (False, False)
    assert world.health.tripped == {}
