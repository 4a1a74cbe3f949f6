"""LLMs have chains too: retried only while nothing was said, then the next one, each charged fairly."""

import pytest

from agents.contracts.llms import FailureKind, LLMError
from agents.contracts.specs import LoopLimits
from tests.agents.engine.doubles import refuses, response, says
from tests.agents.engine.world import FIRST, SECOND, World, spec_of


@pytest.mark.parametrize("kind", ["rate_limited", "overloaded", "server_error", "timeout", "connection", "bad_answer"])
def test_a_fault_that_passes_is_retried(kind: FailureKind) -> None:
    world = World([[LLMError(kind, "for now"), says("Tea.")]])
    assert world.start().answer == "Tea."
    assert world.llm.asked == [FIRST, FIRST]
    assert world.journal.kinds("model.retried")[0].data["error"] == kind


@pytest.mark.parametrize("kind", ["authentication", "not_found", "invalid_request", "spend_limit"])
def test_a_fault_that_stays_goes_to_the_next_llm_at_once(kind: FailureKind) -> None:
    world = World([[refuses(kind, "for good"), says("Tea.")]])
    assert world.start().answer == "Tea."
    assert world.llm.asked == [FIRST, SECOND]
    assert world.clock.waits == []
    fallback = world.journal.kinds("model.fallback")[0].data
    assert fallback == {"from": FIRST, "to": SECOND, "error": kind}


def test_retries_are_bounded_and_then_the_next_llm_is_asked() -> None:
    busy = refuses("overloaded")
    world = World([[busy, busy, busy, says("Tea.")]], spec_of(limits=LoopLimits(llm_attempts=3)))
    assert world.start().answer == "Tea."
    assert world.llm.asked == [FIRST, FIRST, FIRST, SECOND]


def test_waits_double_between_attempts() -> None:
    world = World([[refuses("overloaded")]], spec_of(limits=LoopLimits(llm_attempts=4)))
    assert world.start().state == "failed"
    assert world.clock.waits == [0.5, 1.0, 2.0] * 2


@pytest.mark.parametrize(("asked", "waited"), [(7.0, 7.0), (0.0, 0.0), (-3.0, 0.0), (3600.0, 20.0)])
def test_a_wait_that_the_vendor_asks_for_is_kept_within_reason(asked: float, waited: float) -> None:
    world = World(
        [[LLMError("rate_limited", "slow down", retry_after_seconds=asked, may_be_billed=False), says("Tea.")]]
    )
    world.start()
    assert world.clock.waits == [waited]


def test_a_call_that_said_something_is_never_repeated_but_charged_as_unreconciled() -> None:
    world = World([[LLMError("cut", "stopped", output_characters=300), says("Tea.")]])
    assert world.start().answer == "Tea."
    assert world.llm.asked == [FIRST, SECOND]
    cut, whole = (event.data for event in world.journal.kinds("charge.booked"))
    assert (cut["unreconciled"], whole["unreconciled"]) == (True, False)
    assert cut["cost_nanos"] == cut["held_nanos"]


def test_when_no_llm_answers_the_run_fails_with_the_reason() -> None:
    world = World([[refuses("authentication", "wrong key")]])
    ending = world.start()
    assert ending.state == "failed"
    assert ending.reason == "No LLM answered. authentication: wrong key"
    assert set(world.journal.holds.values()) == {"released"}


def test_an_llm_with_an_open_breaker_is_passed_over_unless_it_is_the_last() -> None:
    world = World([says("Tea.")])
    world.health.closed = {f"llm/{FIRST}"}
    world.start()
    assert world.llm.asked == [SECOND]
    last = World([says("Tea.")])
    last.health.closed = {f"llm/{FIRST}", f"llm/{SECOND}"}
    assert last.start().state == "completed"
    assert last.llm.asked == [SECOND]


def test_health_of_llms_is_recorded_for_each_attempt() -> None:
    world = World([[refuses("overloaded"), says("Tea.")]])
    world.start()
    assert world.health.recorded == [(f"llm/{FIRST}", "overloaded"), (f"llm/{FIRST}", "")]


def test_an_unknown_price_means_no_call() -> None:
    world = World([says("Tea.")])
    world.prices.unpriced = frozenset({FIRST})
    ending = world.start()
    assert (ending.state, ending.reason) == ("failed", f"No price is known for {FIRST}.")
    assert world.llm.requests == []
    assert world.journal.holds == {}


def test_the_run_shows_who_was_asked_and_who_served() -> None:
    world = World([[refuses("not_found", "gone"), response(says("Tea."), "test:second-2026-11")]])
    world.start()
    ended = world.journal.kinds("model.ended")[-1].data
    assert (ended["asked"], ended["llm"]) == (SECOND, "test:second-2026-11")
    step = world.journal.steps[0].output
    assert step.kind == "llm"
    assert (step.asked_llm, step.served_llm) == (FIRST, "test:second-2026-11")


def test_the_only_one_of_a_chain_is_asked_alone() -> None:
    world = World([[refuses("not_found", "gone"), says("Never.")]])
    world.health.only_one = f"llm/{SECOND}"
    ending = world.start()
    assert (ending.state, ending.reason) == ("failed", "No LLM answered. not found: gone")
    assert world.llm.asked == [SECOND]


def test_an_llm_that_is_passed_over_is_in_the_trace() -> None:
    world = World([says("Tea.")])
    world.health.closed = {f"llm/{FIRST}"}
    world.start()
    fallback = world.journal.kinds("model.fallback")[0].data
    assert fallback == {"from": FIRST, "to": SECOND, "error": "its circuit breaker is open"}
    assert world.health.troubles == [(f"llm/{FIRST}", "passed_over")]


def test_a_spending_limit_trips_the_breaker_and_is_not_tried_again() -> None:
    world = World([[refuses("spend_limit", "Pay first."), says("Tea.")]])
    assert world.start().answer == "Tea."
    assert world.health.tripped == {f"llm/{FIRST}": "its vendor's spending limit is met: Pay first."}
    assert world.journal.kinds("breaker.tripped")[0].data["link"] == f"llm/{FIRST}"


def test_a_prompt_that_is_refused_is_no_fault_of_the_llm() -> None:
    world = World([[refuses("invalid_request", "too long"), says("Tea.")]])
    world.start()
    assert world.health.recorded[0] == (f"llm/{FIRST}", "")


def test_what_a_failed_call_cost_all_the_same_is_told() -> None:
    world = World([[LLMError("cut", "stopped", output_characters=300), says("Tea.")]])
    world.start()
    failed = world.health.counted[0]
    assert failed.cost_nanos == world.journal.kinds("charge.booked")[0].data["cost_nanos"]
