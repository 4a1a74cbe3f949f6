"""Signed reasoning and item ids go back to the vendor that sent them, and to no other."""

import asyncio

import pytest

from agents.contracts.base import JsonObject
from agents.contracts.messages import AssistantMessage, SystemMessage, ToolMessage, UserMessage
from tests.agents.llms import streams
from tests.agents.llms.stub_vendor import Answer, StubVendor, ask, asked_and_answered

CLAUDE, GPT = "anthropic:claude-opus-5-5", "openai-responses:gpt-6-luna"


def continued(llm: str, body: bytes, message: AssistantMessage) -> JsonObject:
    """What a vendor is sent when the conversation goes on after an answer."""
    call_id = message.calls[0].call_id
    result = ToolMessage(call_id=call_id, name="get_weather", status="ok", content={"temperature": 7})
    question = SystemMessage(text="Be brief."), UserMessage(text="Weather in Oslo?")
    stub: StubVendor
    _, stub = asyncio.run(ask(llm, Answer(body), *question, message, result))
    return stub.asked[0]


def assistant_content(sent: JsonObject) -> list[JsonObject]:
    """The blocks of Anthropic's assistant message."""
    messages = sent["messages"]
    assert isinstance(messages, list)
    content = next(m["content"] for m in messages if isinstance(m, dict) and m["role"] == "assistant")
    assert isinstance(content, list)
    return [block for block in content if isinstance(block, dict)]


def test_signed_thinking_survives_storage_and_goes_back_in_its_place() -> None:
    message = asked_and_answered(CLAUDE, Answer(streams.ANTHROPIC)).message
    assert message.reasoning == "They want weather."
    stored = AssistantMessage.model_validate_json(message.model_dump_json())
    sent = continued(CLAUDE, streams.ANTHROPIC, stored)
    blocks = assistant_content(sent)
    assert [block["type"] for block in blocks] == ["thinking", "text", "tool_use"]
    assert (blocks[0]["thinking"], blocks[0]["signature"]) == ("They want weather.", "c2lnbmVk")
    assert (blocks[2]["id"], blocks[2]["input"]) == ("toolu_1", {"city": "Oslo"})
    assert sent["system"] == "Be brief."


@pytest.mark.parametrize("change", [{"text": "Let me [redacted]."}, {"reasoning": "x"}, {"vendor_state": {"parts": 1}}])
def test_state_that_no_longer_fits_is_dropped(change: JsonObject) -> None:
    message = asked_and_answered(CLAUDE, Answer(streams.ANTHROPIC)).message.model_copy(update=change)
    blocks = assistant_content(continued(CLAUDE, streams.ANTHROPIC, message))
    assert [block["type"] for block in blocks] == ["text", "tool_use"]


def test_another_vendor_gets_text_and_calls_only() -> None:
    message = asked_and_answered(CLAUDE, Answer(streams.ANTHROPIC)).message
    sent = continued("openai:gpt-6-luna", streams.CHAT, message)
    assert "c2lnbmVk" not in str(sent)
    assert "They want weather." not in str(sent)
    assert "toolu_1" in str(sent)


def test_responses_are_not_stored_and_their_calls_come_back() -> None:
    message = asked_and_answered(GPT, Answer(streams.RESPONSES)).message
    sent = continued(GPT, streams.RESPONSES, message)
    assert sent["store"] is False
    items = sent["input"]
    assert isinstance(items, list)
    call = next(item for item in items if isinstance(item, dict) and item.get("type") == "function_call")
    assert (call["call_id"], call["arguments"]) == ("call_r", '{"city":"Oslo"}')


def test_plain_answers_need_no_state() -> None:
    assert asked_and_answered("openai:gpt-6-luna", Answer(streams.CHAT)).message.vendor_state is None
