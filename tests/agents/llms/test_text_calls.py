"""LLMs that call in plain text: what is a call is read, what only looks like one is said to be unreadable."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from agents.contracts.llms import LLMRequest, LLMResponse, ToolSchema
from agents.contracts.messages import AssistantMessage, SystemMessage, ToolCall, ToolMessage, UserMessage
from agents.llms.text_calls import in_text, out_of_text
from tests.agents.engine.doubles import says
from tests.agents.engine.world import FIRST, World, spec_of

TEA = '{"name": "look_up", "arguments": {"text": "tea"}}'
CUP = '{"name": "look_up", "arguments": {"text": "a { cup ``` }"}}'
PROSE = st.text(st.characters(exclude_characters="{}[]`", exclude_categories=["Cs"]), max_size=40)
PLAIN = (
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3),
    max_leaves=8,
)
ARGUMENTS = st.dictionaries(st.text("abc{}`", min_size=1, max_size=4), VALUES, max_size=4)
NAMES = st.text("abc_", min_size=1, max_size=12)


def heard(text: str) -> AssistantMessage:
    """What becomes of an answer."""
    answer = LLMResponse(message=AssistantMessage(text=text), finish="stop", usage=None, served_llm="test:first")
    return out_of_text(answer).message


def asked_for(text: str) -> list[tuple[str, JsonValue]]:
    return [(call.name, call.arguments) for call in heard(text).calls]


@pytest.mark.parametrize(
    "text",
    [
        TEA,
        f"```json\n{TEA}\n```",
        f"```\n{TEA}\n```",
        f"```tool_call\n{TEA}\n```",
        f"I will look.\n\n```json\n{TEA}\n```\nThen I will see.",
        f"I will look: {TEA}",
        f"[{TEA}]",
        f"```\n```json\n{TEA}\n```\n```",
        json.dumps(json.loads(TEA), indent=4),
        '{"arguments": {"text": "tea"}, "name": "look_up"}',
    ],
)
def test_a_call_is_read_however_it_is_wrapped(text: str) -> None:
    assert asked_for(text) == [("look_up", {"text": "tea"})]
    assert "look_up" not in heard(text).text


def test_several_calls_are_read_in_their_order() -> None:
    both = [("look_up", {"text": "tea"}), ("look_up", {"text": "a { cup ``` }"})]
    for text in (f"{TEA}\n{CUP}", f"[{TEA}, {CUP}]", f"```json\n{TEA}\n```\nand\n```json\n{CUP}\n```"):
        assert asked_for(text) == both
        assert len({call.call_id for call in heard(text).calls}) == 2


@pytest.mark.parametrize(
    "text",
    [
        "There is tea [1] and {nothing} else.",
        '{"name": "tea"}',
        '{"answer": {"name": "look_up", "arguments": {}}}',
        '[1, 2, {"a": 1}]',
        "```python\nprint({})\n```",
        "",
    ],
)
def test_other_text_and_other_json_are_an_answer(text: str) -> None:
    assert heard(text).calls == ()
    assert heard(text).text == text


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "look_up", "arguments": {"text": "te',
        '```json\n{"name": "look_up", "arguments": {"text": tea}}\n```',
        '{"name": "look_up", "arguments": {"text": "tea",}}',
        '{"name": "look_up", "arguments": {"text": "tea", "text": "cup"}}',
        '{"name": "look_up", "arguments": {"count": NaN}}',
        '{"name": "look_up", "arguments": "tea"}',
        '{"name": "look_up", "arguments": {}, "sure": true}',
        '[{"name": "look_up", "arguments": {}}, 5]',
        '{"name": "look_up", "arguments": ' + '{"a": ' * 10_000,
    ],
)
def test_what_cannot_be_read_is_a_call_that_keeps_its_text(text: str) -> None:
    (call,) = heard(text).calls
    assert (call.name, call.arguments) == ("look_up", None)
    assert "look_up" in call.arguments_raw


def test_nothing_inside_a_broken_call_is_carried_out() -> None:
    text = (
        '{"name": "look_up", "arguments": {"text": oops, "then":\n' + '{"name": "pay", "arguments": {"to": "me"}}\n}}'
    )
    assert asked_for(text) == [("look_up", None)]


@given(st.lists(st.tuples(NAMES, ARGUMENTS, PROSE, st.booleans()), max_size=4), PROSE)
@settings(max_examples=150, deadline=None)
def test_calls_are_found_in_any_text(calls: list[tuple[str, dict[str, JsonValue], str, bool]], end: str) -> None:
    text = ""
    for name, arguments, before, fenced in calls:
        body = json.dumps({"name": name, "arguments": arguments}, ensure_ascii=False)
        text += before + (f"\n```json\n{body}\n```\n" if fenced else body)
    assert asked_for(text + end) == [(name, arguments) for name, arguments, _, _ in calls]


@given(st.lists(st.tuples(NAMES, ARGUMENTS), min_size=1, max_size=3), st.data())
@settings(max_examples=150, deadline=None)
def test_an_answer_that_is_cut_anywhere_gives_only_whole_calls(
    calls: list[tuple[str, dict[str, JsonValue]]], data: st.DataObject
) -> None:
    text = "\n".join(json.dumps({"name": name, "arguments": arguments}) for name, arguments in calls)
    cut = text[: data.draw(st.integers(0, len(text)))]
    read = [call for call in asked_for(cut) if call[1] is not None]
    assert read == calls[: len(read)]


@given(st.text(alphabet='{}[]"`:,\\ \nnameargumnts1', max_size=200))
@settings(max_examples=300, deadline=None)
def test_no_text_breaks_the_reader(text: str) -> None:
    message = heard(text)
    assert all(call.arguments is not None or call.arguments_raw for call in message.calls)


@pytest.mark.parametrize("piece", ["{", "[", '{"a":', '[{"name":"x","arguments":', "{{[["])
def test_a_megabyte_of_brackets_is_read_in_no_time(piece: str) -> None:
    assert len(heard(piece * (1_000_000 // len(piece))).calls) <= 1


def test_the_request_has_tools_calls_and_results_as_text() -> None:
    call = ToolCall(call_id="c1", name="look_up", arguments={"text": "tea"})
    request = LLMRequest(
        llm="test:first",
        messages=(
            SystemMessage(text="Be brief."),
            UserMessage(text="Tea?"),
            AssistantMessage(text="Let me look.", calls=(call,)),
            ToolMessage(call_id="c1", name="look_up", status="ok", content={"found": 1}),
        ),
        tools=(ToolSchema(name="look_up", description="Look it up.", parameters={"type": "object"}),),
        max_output_tokens=100,
    )
    told = in_text(request)
    assert told.tools == ()
    system, _, said, result = told.messages
    assert isinstance(system, SystemMessage)
    assert "- look_up: Look it up." in system.text
    assert isinstance(said, AssistantMessage)
    assert said.calls == ()
    assert asked_for(said.text) == [("look_up", {"text": "tea"})]
    assert isinstance(result, UserMessage)
    assert result.text == 'Result of look_up (c1, ok):\n{"found":1}'


def test_a_run_with_such_an_llm_goes_like_any_other() -> None:
    wrong = '{"name": "look_up", "arguments": {"text": 5}}'
    broken = '{"name": "look_up", "arguments": {"text": "te'
    spec = spec_of().model_copy(update={"llms_calling_in_text": (FIRST,)})
    world = World([says(wrong), says(broken), says(f"Now:\n```json\n{TEA}\n```"), says("Tea [1].")], spec)
    ending = world.start()
    assert (ending.state, ending.answer) == ("completed", "Tea [1].")
    assert [result.status for result in world.results] == ["error", "error", "ok"]
    assert [request.tools for request in world.llm.requests] == [()] * 4
    assert len(world.journal.kinds("call.rejected")) == 2
    assert world.fresh().thread == world.state.thread, "what was recorded is the calls, not their text"


def test_an_llm_that_is_not_declared_so_is_believed_to_mean_its_text() -> None:
    world = World([says(TEA)])
    assert world.start().answer == TEA
