"""A usage that cannot be is none: the hold is charged in full, flagged, and the vendor's words are kept."""

import json

import pytest

from agents.contracts.base import JsonObject
from agents.contracts.specs import LoopLimits
from agents.engine.batch import Settlement
from tests.agents.engine.vendor_llms import VendorLLMs, pieces
from tests.agents.engine.world import World, spec_of
from tests.agents.llms import streams
from tests.agents.llms.stub_vendor import event_stream

HOSTILE = [
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "-1",
    "-0.5",
    "1.5",
    "1000000001",
    "99999999999999999999999999",
    '"12"',
    '"NaN"',
    "true",
    "false",
    '{"tokens": 5}',
    "[5]",
    "null",
]
MARK = 424242
# The library warns of what it cannot read either; we go by the bytes and not by it.
pytestmark = pytest.mark.filterwarnings("ignore:Failed to extract usage", "ignore:Pydantic serializer warnings")
BECAUSE_BAD, BECAUSE_NONE = "the usage that the vendor reported cannot be relied on", "the vendor reported no usage"


def chat(usage: JsonObject) -> bytes:
    """A chat completion in words."""
    said = [
        streams.chat_chunk({"content": "Tea."}),
        streams.chat_chunk({}, "stop"),
        streams.chat_chunk({}, usage=usage),
    ]
    return event_stream(*said, done=True)


def responses(usage: JsonObject) -> bytes:
    """A response in words."""
    part: JsonObject = {"type": "output_text", "text": "Tea.", "annotations": []}
    item: JsonObject = {"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": [part]}
    done = streams.response([item], "completed", usage)
    return event_stream(
        {"type": "response.created", "sequence_number": 0, "response": streams.response([], "in_progress", None)},
        {
            "type": "response.output_item.added",
            "sequence_number": 1,
            "output_index": 0,
            "item": {**item, "content": []},
        },
        {
            "type": "response.output_text.delta",
            "sequence_number": 2,
            "output_index": 0,
            "item_id": "m",
            "content_index": 0,
            "delta": "Tea.",
            "logprobs": [],
        },
        {"type": "response.completed", "sequence_number": 3, "response": done},
    )


def messages(usage: JsonObject) -> bytes:
    """A message in words."""
    return event_stream(
        streams.anthropic_events()[0],
        streams.block_start(0, {"type": "text", "text": ""}),
        streams.block_delta(0, {"type": "text_delta", "text": "Tea."}),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": usage},
        {"type": "message_stop"},
    )


DIALECTS = {
    "openai:gpt-6-luna": (chat, ("prompt_tokens", "completion_tokens")),
    "compatible:qwen": (chat, ("prompt_tokens", "completion_tokens")),
    "openai-responses:gpt-6-luna": (responses, ("input_tokens", "output_tokens")),
    "anthropic:claude-opus-5-5": (messages, ("input_tokens", "output_tokens")),
}

COUNTS_TWICE = "anthropic:claude-opus-5-5"  # its first event has both counts; what the last one lacks stays as it was
CASES = [(llm, value) for llm in DIALECTS for value in HOSTILE if (llm, value) != (COUNTS_TWICE, "null")]


def reported(llm: str, field: int, value: str) -> World:
    """A run whose vendor reports this value for its input (0) or its output (1)."""
    write, names = DIALECTS[llm]
    body = write({names[field]: MARK, names[1 - field]: 5})
    return answered(llm, body.replace(str(MARK).encode(), value.encode()))


def answered(llm: str, body: bytes) -> World:
    """A run that gets this answer; a client that cannot read it has no second try."""
    world = World([], spec_of(limits=LoopLimits(llm_attempts=1)))
    world.llms = VendorLLMs(llm, pieces(body))
    world.start()
    return world


def settlement(world: World) -> Settlement:
    """The one settlement of a run that cost anything."""
    (found,) = [one for batch in world.journal.batches for one in batch.settlements if not one.released]
    return found


def assert_charged_in_full(world: World) -> JsonObject:
    """The charge, which is the whole hold and says that it is an estimate."""
    (charge,) = world.charges()
    assert charge["cost_nanos"] == charge["held_nanos"] == settlement(world).cost_nanos
    assert (charge["unreconciled"], settlement(world).unreconciled, charge["over_ceiling"]) == (True, True, False)
    assert charge["estimated_because"]
    return charge


@pytest.mark.parametrize(("llm", "value"), CASES)
@pytest.mark.parametrize("field", [0, 1], ids=["input", "output"])
def test_a_count_that_cannot_be_is_refused_and_the_hold_charged_in_full(llm: str, value: str, field: int) -> None:
    assert_charged_in_full(reported(llm, field, value))


@pytest.mark.parametrize("llm", DIALECTS)
@pytest.mark.parametrize("value", ["NaN", "-1", '"12"', "99999999999999999999999999"])
def test_the_answer_stands_and_the_vendors_words_are_kept(llm: str, value: str) -> None:
    world = reported(llm, 1, value)
    assert world.journal.ending is not None
    assert (world.journal.ending.state, world.journal.ending.answer) == ("completed", "Tea.")
    assert world.charges()[0]["estimated_because"] == BECAUSE_BAD
    kept = json.dumps(settlement(world).vendor_usage, allow_nan=False)
    assert value.strip('"') in kept


@pytest.mark.parametrize("usage", ['"lots"', "[1, 2]", "true", "17", "NaN", "{}", "null"])
def test_a_usage_of_another_shape_is_none(usage: str) -> None:
    body = chat({"prompt_tokens": MARK}).replace(json.dumps({"prompt_tokens": MARK}).encode(), usage.encode())
    charge = assert_charged_in_full(answered("openai:gpt-6-luna", body))
    assert charge["estimated_because"] in (BECAUSE_BAD, BECAUSE_NONE, "the call failed: bad_answer")


@pytest.mark.parametrize("llm", [llm for llm in DIALECTS if llm != COUNTS_TWICE])
@pytest.mark.parametrize("field", [0, 1], ids=["input", "output"])
def test_one_count_without_the_other_is_none(llm: str, field: int) -> None:
    write, names = DIALECTS[llm]
    assert_charged_in_full(answered(llm, write({names[field]: 5})))


@pytest.mark.parametrize("llm", DIALECTS)
def test_a_usage_that_can_be_is_believed(llm: str) -> None:
    (charge,) = reported(llm, 0, "40").charges()
    assert (charge["unreconciled"], charge["estimated_because"]) == (False, "")
    assert 0 < int(str(charge["cost_nanos"])) < int(str(charge["held_nanos"]))
