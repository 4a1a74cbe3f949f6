"""Pattern 1: what an LLM asks for is checked before any tool sees it, and it is told what was wrong."""

import pytest
from pydantic import JsonValue

from agents.contracts.calls import ToolRefusal
from agents.contracts.messages import ToolCall
from agents.contracts.specs import LoopLimits
from tests.agents.engine.doubles import asks, call, says
from tests.agents.engine.world import World, spec_of


def test_a_valid_call_reaches_the_tool_and_its_result_the_llm() -> None:
    world = World([asks(call("look_up", text="tea")), says("Tea [1].")])
    assert world.start().state == "completed"
    assert world.tools.names == ["shelf"]
    assert world.results[0].status == "ok"
    assert world.llm.requests[1].messages[-1] == world.results[0]


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ({"text": "tea", "count": "5"}, "count"),
        ({"text": "tea", "count": 5.5}, "count"),
        ({"text": "tea", "count": True}, "count"),
        ({"text": 5}, "text"),
        ({"text": None}, "text"),
        ({}, "text"),
        ({"text": "tea", "colour": "green"}, "colour"),
    ],
)
def test_a_wrong_field_is_named_and_no_tool_runs(arguments: dict[str, JsonValue], path: str) -> None:
    wrong = ToolCall(call_id="c1", name="look_up", arguments=arguments)
    world = World([asks(wrong), says("Sorry.")])
    assert world.start().state == "completed"
    assert world.tools.invoked == []
    fields = world.content()["fields"]
    assert isinstance(fields, list)
    assert [field["path"] for field in fields if isinstance(field, dict)] == [path]
    assert world.content()["error_type"] == "invalid_arguments"


def test_the_llm_is_told_what_each_wrong_field_accepts() -> None:
    world = World([asks(call("look_up", text="tea", count="5", txet="x")), says("Sorry.")])
    world.start()
    fields = world.content()["fields"]
    assert isinstance(fields, list)
    accepted = {field["path"]: field["accepted"] for field in fields if isinstance(field, dict)}
    assert accepted == {"count": {"type": "integer"}, "txet": "did you mean text?"}


def test_an_unknown_tool_is_answered_with_the_nearest_name() -> None:
    world = World([asks(call("lookup", text="tea")), says("Sorry.")])
    world.start()
    assert world.content()["error_type"] == "unknown_tool"
    assert "Did you mean look_up?" in str(world.content()["hint"])
    assert world.journal.kinds("call.rejected")[0].data["error_type"] == "unknown_tool"


def test_arguments_that_are_no_object_come_back_as_they_were_sent() -> None:
    unreadable = ToolCall(call_id="c1", name="look_up", arguments=None, arguments_raw='{"text": "te')
    world = World([asks(unreadable), says("Sorry.")])
    world.start()
    assert world.content()["error_type"] == "invalid_arguments"
    assert '{"text": "te' in str(world.content()["hint"])


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 2**53, -(10**30)])
def test_numbers_that_json_cannot_carry_exactly_are_refused(number: float) -> None:
    wrong = ToolCall(call_id="c1", name="look_up", arguments={"text": "tea", "count": number})
    world = World([asks(wrong), says("Sorry.")])
    assert world.start().state == "completed"
    assert world.content()["error_type"] == "invalid_arguments"
    assert world.tools.invoked == []


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb"])
def test_text_that_no_encoding_can_carry_is_refused(text: str) -> None:
    world = World([asks(ToolCall(call_id="c1", name="look_up", arguments={"text": text})), says("Sorry.")])
    assert world.start().state == "completed"
    assert world.content()["error_type"] == "invalid_arguments"


def test_nesting_without_end_is_refused_and_not_followed() -> None:
    deep: JsonValue = []
    for _ in range(150):
        deep = [deep]
    world = World([asks(ToolCall(call_id="c1", name="look_up", arguments={"text": deep})), says("Sorry.")])
    assert world.start().state == "completed"
    assert world.content()["error_type"] == "invalid_arguments"


def test_a_correction_in_the_next_turn_is_carried_out() -> None:
    world = World([asks(call("look_up", "c1", txt="tea")), asks(call("look_up", "c2", text="tea")), says("Done.")])
    world.start()
    assert [result.status for result in world.results] == ["error", "ok"]


def test_too_many_rejections_in_a_row_withdraw_the_tool_for_the_rest_of_the_run() -> None:
    spec = spec_of(limits=LoopLimits(max_rejected_calls=2))
    bad = [asks(call("look_up", f"c{n}", text=n)) for n in range(3)]
    world = World([*bad, says("Without it.")], spec)
    assert world.start().answer == "Without it."
    offered = [{tool.name for tool in request.tools} for request in world.llm.requests]
    assert ["look_up" in names for names in offered] == [True, True, False, False]
    assert world.content()["error_type"] == "withdrawn"
    assert [event.data for event in world.journal.kinds("tool.withdrawn")] == [{"tool": "look_up", "rejections": 2}]


def test_a_good_call_starts_the_count_of_rejections_afresh() -> None:
    spec = spec_of(limits=LoopLimits(max_rejected_calls=2))
    texts: tuple[JsonValue, ...] = (1, "tea", 2, "cup")
    calls = [call("look_up", f"c{n}", text=text) for n, text in enumerate(texts)]
    world = World([*map(asks, calls), says("Done.")], spec)
    world.start()
    assert [result.status for result in world.results] == ["error", "ok", "error", "ok"]
    assert world.journal.kinds("tool.withdrawn") == []


def test_a_withdrawn_tool_stays_withdrawn_after_a_crash() -> None:
    spec = spec_of(limits=LoopLimits(max_rejected_calls=1))
    world = World([asks(call("look_up", text=1)), says("Without it.")], spec)
    world.start()
    assert world.fresh().withdrawn == {"look_up"}


def test_a_refusal_by_the_tool_itself_takes_the_same_road() -> None:
    world = World([asks(call("look_up", text="tea")), says("There is none.")])

    def refuse(*_: object) -> JsonValue:
        raise ToolRefusal("There is no tea.")

    world.tools.replaced["shelf"] = refuse
    assert world.start().state == "completed"
    assert world.content() == {"status": "error", "error_type": "refused", "error": "There is no tea."}
    assert world.tools.names == ["shelf"]


def test_several_calls_of_one_answer_each_get_their_result_in_order() -> None:
    three = (call("look_up", "c1", text="a"), call("nothing", "c2"), call("look_up", "c3", text="b"))
    world = World([asks(*three), says("Done.")])
    world.start()
    assert [(r.call_id, r.status) for r in world.results] == [("c1", "ok"), ("c2", "error"), ("c3", "ok")]
