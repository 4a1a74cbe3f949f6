"""A hold covers the prompt as its vendor will count it: by its last count and what is new, or by an upper estimate."""

from collections.abc import Iterator

import pytest
from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.llms import ToolSchema
from agents.contracts.messages import Message, UserMessage
from agents.engine import tokens
from budgets.pricing import Usage
from tests.agents.engine.doubles import Answer, asks, call, refuses, response, says
from tests.agents.engine.world import FIRST, SECOND, World, spec_of
from tests.agents.llms.test_recorded_answers import RECORDED, numbers, recorded


def holds(world: World) -> list[int]:
    """The prompt tokens that each call's money was for."""
    return [int(str(event.data["input_tokens"])) for event in world.journal.kinds("hold.placed")]


def reads(number: int, usage: Usage, text: str = "tea", llm: str = FIRST) -> Answer:
    """An answer with one call."""
    return response(asks(call("look_up", f"c{number}", text=text)), llm, usage=usage)


def test_the_first_hold_leaves_room_for_what_vendors_add_to_a_prompt() -> None:
    world = World([says("Tea.")])
    world.start()
    (held,) = holds(world)
    own = int(str(world.journal.kinds("model.started")[0].data["prompt_tokens"]))
    assert held >= own + tokens.VENDOR_TOOL_PROMPT
    without = World([says("Tea.")], spec_of(tools=()))
    without.start()
    assert tokens.VENDOR_PROMPT <= holds(without)[0] < 400


def test_the_next_hold_starts_from_the_vendors_own_count() -> None:
    world = World([reads(1, Usage(5_000, 300)), says("Tea.")])
    world.start()
    result = world.state.counts[2]
    assert holds(world)[1] == tokens.grown(5_000 + 300, result)
    assert 5_300 + result < holds(world)[1] < 5_300 + 2 * result + 20


def test_hidden_reasoning_of_an_answer_counts_since_it_goes_back_with_it() -> None:
    short, long = (World([reads(1, Usage(1_000, out)), says("Tea.")]) for out in (40, 1_900))
    short.start()
    long.start()
    assert holds(long)[1] - holds(short)[1] > 1_800


def test_a_long_result_is_counted_as_new() -> None:
    world = World([reads(1, Usage(5_000, 40), text="t" * 6_000), says("Tea.")])
    world.start()
    assert holds(world)[1] > 5_000 + 2_000


def test_another_vendors_count_is_not_gone_by() -> None:
    world = World([reads(1, Usage(2_000, 40)), [refuses("not_found"), says("Tea.")]])
    world.start()
    first, second = holds(world)[1:]
    assert first == tokens.grown(2_040, world.state.counts[2])
    assert second > first
    assert world.llm.asked == [FIRST, FIRST, SECOND]


@pytest.mark.parametrize("usage", [None, Usage(1, 1)], ids=["none", "absurd"])
def test_without_a_count_to_go_by_the_estimate_is_taken(usage: Usage | None) -> None:
    world = World([response(asks(call("look_up", text="tea")), FIRST, usage=usage), says("Tea.")])
    world.start()
    estimates = [int(str(event.data["prompt_tokens"])) for event in world.journal.kinds("model.started")]
    assert holds(world)[1] >= estimates[1] * tokens.LOWEST + tokens.VENDOR_TOOL_PROMPT


def test_compressed_memory_is_estimated_anew() -> None:
    memory = spec_of().memory.model_copy(update={"soft_tokens": 2_200, "kept_turns": 1})
    script = [*(reads(n, Usage(1_500 + 900 * n, 40), text=f"{n}" * 2_000) for n in range(4)), says("Done.")]
    world = World(script, spec_of(memory=memory))
    assert world.start().state == "completed"
    assert world.journal.kinds("memory.compressed")
    compressed = [event.turn for event in world.journal.kinds("memory.compressed")]
    placed = {event.turn: int(str(event.data["input_tokens"])) for event in world.journal.kinds("hold.placed")}
    last = compressed[0]
    grown_anyway = tokens.grown(1_500 + 900 * (last - 2) + 40, 0)
    assert placed[last] != grown_anyway
    assert placed[last] >= tokens.VENDOR_TOOL_PROMPT


def test_the_size_of_a_hold_goes_to_the_ledger_with_it() -> None:
    world = World([says("Tea.")])
    world.start()
    (hold,) = [batch.hold for batch in world.journal.batches if batch.hold]
    assert (hold.input_tokens, hold.max_output_tokens) == (holds(world)[0], 2_000)


def texts(value: JsonValue) -> Iterator[str]:
    """Every text of a request's part; what is encrypted is counted by its length all the same."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts(part)


def said_in(asked: JsonObject) -> list[Message]:
    """The messages of a recorded request, each as one text."""
    listed: list[JsonValue] = []
    for name in ("system", "instructions", "messages", "input"):
        part = asked.get(name)
        listed += part if isinstance(part, list) else [part] if part else []
    parts = [item.get("content", item) if isinstance(item, dict) else item for item in listed]
    return [UserMessage(text="\n".join(texts(part))) for part in parts]


def tools_in(asked: JsonObject) -> list[ToolSchema]:
    """The tools of a recorded request."""
    listed = asked.get("tools") or asked.get("functions") or []
    assert isinstance(listed, list)
    found = []
    for tool in (tool for tool in listed if isinstance(tool, dict)):
        function = tool.get("function", tool)
        assert isinstance(function, dict)
        parameters = function.get("parameters") or function.get("input_schema") or {}
        assert isinstance(parameters, dict)
        description = str(function.get("description") or "")
        found.append(ToolSchema(name=str(function["name"]), description=description, parameters=parameters))
    return found


def own_tools(asked: JsonObject) -> bool:
    """Whether the vendor added nothing that we never ask for: its own tools, files, answers in a schema."""
    listed = asked.get("tools")
    tools = listed if isinstance(listed, list) else []
    plain = all(tool.get("type", "function") == "function" for tool in tools if isinstance(tool, dict))
    return plain and not {"cut", "response_format", "previous_response_id"} & {
        key for key, value in asked.items() if value
    }


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded answers are not at hand")
def test_the_estimate_is_no_smaller_than_what_vendors_counted() -> None:
    compared = 0
    for row in recorded():
        asked, found = row.get("request"), numbers(row["body"])
        if not isinstance(asked, dict) or not found or not own_tools(asked):
            continue
        cached = found.get("cache_read_input_tokens", 0) + found.get("cache_creation_input_tokens", 0)
        counted = found.get("prompt_tokens", found.get("input_tokens", 0)) + cached
        tools = tools_in(asked)
        estimated = sum(map(tokens.of_message, said_in(asked))) + tokens.of_tools(tools)
        assert tokens.upper_bound(estimated, 1.0, with_tools=bool(tools)) >= counted, row["id"]
        compared += 1
    assert compared >= 30
