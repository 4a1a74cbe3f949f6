"""Pattern 2: old observations are shortened, oldest first; calls stay, and replay gives the same."""

import json
from collections.abc import Sequence

import pytest

from agents.contracts.llms import LLMError
from agents.contracts.messages import AssistantMessage, Message, ToolMessage, UserMessage
from agents.contracts.specs import MemoryLimits
from agents.contracts.steps import MemoryStep
from agents.engine import memory, tokens
from agents.engine.ports import Interrupted
from budgets.pricing import Usage
from tests.agents.engine.doubles import Script, asks, call, response, says, too_dear
from tests.agents.engine.world import SUMMARY, World, spec_of

LONG = "a cup of tea " * 150  # about 650 tokens
SMALL = MemoryLimits(soft_tokens=2_500, hard_tokens=6_000, kept_turns=2, inline_characters=6_000)


def reading(pages: int, *, limits: MemoryLimits = SMALL, summary_llm: str = "") -> World:
    """A run that reads so many long pages, one a turn, and then answers."""
    script: Script = [asks(call("look_up", f"c{n}", text=f"page {n}")) for n in range(pages)]
    counted: Script = [response(m, "t:l", usage=None) if isinstance(m, AssistantMessage) else m for m in script]
    world = World([*counted, says("Read.")], spec_of(memory=limits, summary_llm=summary_llm))
    world.tools.replaced["shelf"] = lambda arguments, told: f"{arguments['text']}: {LONG}"  # noqa: ARG005
    return world


def contents(messages: Sequence[Message]) -> dict[str, str]:
    """What the LLM sees of each result."""
    return {m.call_id: str(m.content) for m in messages if isinstance(m, ToolMessage)}


def summary(*pages: int) -> AssistantMessage:
    """A summary as the LLM is asked to give it."""
    return says(json.dumps({f"c{page}": f"page {page} is about tea" for page in pages}))


def test_below_the_soft_limit_nothing_is_touched() -> None:
    world = reading(2)
    assert world.start().state == "completed"
    assert world.journal.kinds("memory.compressed") == []
    assert all(len(text) > len(LONG) for text in contents(world.llm.requests[-1].messages).values())


def test_past_the_soft_limit_the_oldest_results_are_shortened_and_the_last_turns_kept_whole() -> None:
    world = reading(6)
    world.start()
    seen = contents(world.llm.requests[-1].messages)
    lengths = [len(seen[f"c{n}"]) for n in range(6)]
    assert lengths[0] < 400
    assert lengths[-2:] == [len(LONG) + 8] * 2
    assert lengths == sorted(lengths)


def test_no_prompt_of_the_run_passes_the_hard_limit() -> None:
    world = reading(12, limits=SMALL.model_copy(update={"hard_tokens": 4_000}))
    assert world.start().state == "completed"
    for request in world.llm.requests:
        assert sum(map(tokens.of_message, request.messages)) + tokens.of_tools(request.tools) <= 4_000


def test_calls_and_words_stay_as_they_were() -> None:
    world = reading(6)
    world.start()
    made = [m.calls[0] for m in world.llm.requests[-1].messages if isinstance(m, AssistantMessage)]
    assert made == [call("look_up", f"c{n}", text=f"page {n}") for n in range(6)]
    assert UserMessage(text=world.task) in world.llm.requests[-1].messages


def test_a_call_is_never_split_from_its_result() -> None:
    world = reading(12)
    world.start()
    for request in world.llm.requests:
        asked = [c.call_id for m in request.messages if isinstance(m, AssistantMessage) for c in m.calls]
        answered = [m.call_id for m in request.messages if isinstance(m, ToolMessage)]
        assert asked == answered


def test_a_shortened_text_says_what_was_cut() -> None:
    text = memory.truncated("x" * 1_000)
    assert text == "x" * 280 + "… [shortened: 720 of 1000 characters cut]"
    assert memory.truncated({"a": ["é"] * 200}).startswith('{"a": ["é"')


def test_the_same_thread_comes_out_of_the_recorded_steps() -> None:
    world = reading(8, summary_llm=SUMMARY)
    world.llm.summaries = [summary(*range(8))]
    world.start()
    replayed = world.fresh()
    assert replayed.thread == world.state.thread
    assert replayed.counts == world.state.counts


def test_compression_is_an_event_with_tokens_before_and_after() -> None:
    world = reading(6)
    world.start()
    data = world.journal.kinds("memory.compressed")[0].data
    step = next(step.output for step in world.journal.steps if isinstance(step.output, MemoryStep))
    assert int(str(data["tokens_before"])) > SMALL.soft_tokens > int(str(data["tokens_after"]))
    assert data == {
        "tokens_before": step.tokens_before,
        "tokens_after": step.tokens_after,
        "by": "truncation",
    }


def test_a_cheap_llm_summarises_and_is_charged() -> None:
    world = reading(6, summary_llm=SUMMARY)
    world.llm.summaries = [summary(*range(6))]
    world.start()
    asked = [request for request in world.llm.requests if request.purpose == "summary"]
    assert [request.llm for request in asked] == [SUMMARY] * len(asked)
    assert asked[0].tools == ()
    assert contents(world.llm.requests[-1].messages)["c0"] == "page 0 is about tea"
    charged = [event.data["llm"] for event in world.journal.kinds("charge.booked")]
    assert charged.count(SUMMARY) == len(asked) > 0
    assert world.journal.kinds("memory.compressed")[0].data["by"] == "summary"


@pytest.mark.parametrize(
    "text",
    ["no JSON", "[]", '{"c0": 5}', '{"c9": "not asked for"}', '{"c0": ""}', "{", json.dumps({"c0": LONG})],
)
def test_a_summary_that_cannot_be_used_is_replaced_by_truncation(text: str) -> None:
    world = reading(6, summary_llm=SUMMARY)
    world.llm.summaries = [says(text)]
    assert world.start().state == "completed"
    assert "[shortened:" in contents(world.llm.requests[-1].messages)["c0"]
    assert {event.data["by"] for event in world.journal.kinds("memory.compressed")} == {"truncation"}


def test_a_summary_that_leaves_one_out_is_completed_by_truncation() -> None:
    world = reading(6, summary_llm=SUMMARY)
    world.llm.summaries = [summary(0)]
    world.start()
    seen = contents(world.llm.requests[-1].messages)
    assert seen["c0"] == "page 0 is about tea"
    assert "[shortened:" in seen["c1"]


def test_when_the_summary_fails_the_run_goes_on_with_truncation() -> None:
    world = reading(6, summary_llm=SUMMARY)
    world.llm.summaries = [LLMError("not_found", "gone")]
    assert world.start().state == "completed"
    assert "[shortened:" in contents(world.llm.requests[-1].messages)["c0"]
    assert "open" not in world.journal.holds.values()


@pytest.mark.parametrize("at_cap", ["stop", "pause"])
def test_when_money_is_short_of_a_summary_the_run_goes_on_with_truncation(at_cap: str) -> None:
    world = reading(6, summary_llm=SUMMARY)
    world.at_cap = at_cap
    world.llm.summaries = [summary(0)]
    whole = world.ports().llms.call
    assert callable(whole)
    world.journal.refuse = lambda amount: too_dear(1)(amount) if asks_for_summary(world) else None
    assert world.start().state == "completed"
    assert [request.purpose for request in world.llm.requests] == ["turn"] * 7


def asks_for_summary(world: World) -> bool:
    """Whether the batch that is being committed would start a summary."""
    started = [event for event in world.journal.batches[-1].intents if event.kind == "model.started"]
    return any(event.data["purpose"] == "summary" for event in started)


def test_a_kill_during_the_summary_kills_the_run() -> None:
    world = reading(6, summary_llm=SUMMARY)
    world.llm.summaries = [Interrupted(3)]
    assert world.start().state == "killed"
    assert "open" not in world.journal.holds.values()


def test_a_conversation_that_cannot_be_shortened_enough_ends_the_run_with_the_reason() -> None:
    limits = MemoryLimits(soft_tokens=600, hard_tokens=1_000, kept_turns=3)
    world = reading(6, limits=limits)
    ending = world.start()
    assert ending.state == "failed"
    assert "the limit is 1000" in ending.reason


def test_counting_is_corrected_by_what_the_vendor_reported() -> None:
    world = World([response(says("Tea."), "t:l", usage=Usage(900, 20))])
    world.start()
    prompt = sum(map(tokens.of_message, world.llm.requests[0].messages)) + tokens.of_tools(world.llm.requests[0].tools)
    assert world.state.calibration == 900 / prompt > 1


def test_a_vendor_that_reports_nothing_moves_the_count_nowhere() -> None:
    world = reading(5, limits=MemoryLimits())
    world.start()
    assert {request.purpose for request in world.llm.requests} == {"turn"}
    assert world.fresh().calibration != 3.0
    assert [step.output.prompt_tokens for step in world.journal.steps if step.output.kind == "llm"][:5] == [0] * 5


def test_two_results_never_share_an_id_though_the_vendor_counts_from_0_each_time() -> None:
    script: Script = [response(asks(call("look_up", "call_0", text=f"page {n}")), "t:l", usage=None) for n in range(6)]
    world = World([*script, says("Read.")], spec_of(memory=SMALL))
    world.tools.replaced["shelf"] = lambda arguments, told: f"{arguments['text']}: {LONG}"  # noqa: ARG005
    world.start()
    seen = contents(world.llm.requests[-1].messages)
    assert list(seen) == ["call_0", "call_0_2", "call_0_3", "call_0_4", "call_0_5", "call_0_6"]
    assert len(seen["call_0"]) < 400
    assert seen["call_0_6"] == f"page 5: {LONG}"


@pytest.mark.parametrize(
    ("estimated", "reported", "factor"),
    [(100, 150, 1.5), (100, 1, 0.5), (100, 10**9, 3.0), (0, 5, 1.0), (5, 0, 1.0)],
)
def test_a_report_out_of_all_reason_moves_the_count_only_so_far(estimated: int, reported: int, factor: float) -> None:
    assert tokens.calibration(estimated, reported) == factor


@pytest.mark.parametrize("text", ["", "tea", "茶" * 50, "\ud800", "🍵" * 9])
def test_any_text_can_be_counted(text: str) -> None:
    assert tokens.of_text(text) >= len(text) / 4
