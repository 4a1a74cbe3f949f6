"""Answers of vendors in our words: text, calls, finish, usage."""

import asyncio
import gzip
import json

import pytest

from agents.contracts.base import JsonObject
from agents.contracts.llms import Finish
from agents.contracts.messages import SystemMessage, ToolMessage, UserMessage
from budgets.pricing import Usage
from tests.agents.llms import streams
from tests.agents.llms.stub_vendor import Answer, ask, asked_and_answered, event_stream, request_for

JSON = "application/json"
QUESTION = (SystemMessage(text="Be brief."), UserMessage(text="Weather in Oslo?"))


@pytest.mark.parametrize(("llm", "body"), streams.STREAMS)
def test_a_streamed_call_arrives_whole(llm: str, body: bytes) -> None:
    response = asked_and_answered(llm, Answer(body))
    (call,) = response.message.calls
    assert (call.name, call.arguments, call.arguments_raw) == ("get_weather", {"city": "Oslo"}, "")
    assert response.finish == "tool_calls"
    assert response.served_llm.partition(":")[0] == llm.partition(":")[0]
    assert response.served_llm.endswith("-x")
    assert response.response_id


def test_text_is_heard_piece_by_piece() -> None:
    heard: list[str] = []
    response, _ = asyncio.run(ask("openai:gpt-6-luna", Answer(streams.CHAT), on_text=heard.append))
    assert heard == ["Let me ", "look."]
    assert response.message.text == "Let me look."


def test_usage_is_normalised_and_kept_as_reported() -> None:
    chat = asked_and_answered("openai:gpt-6-luna", Answer(streams.CHAT))
    assert (chat.usage, chat.vendor_usage) == (Usage(20, 9), streams.CHAT_USAGE)
    responses = asked_and_answered("openai-responses:gpt-6-luna", Answer(streams.RESPONSES))
    assert (responses.usage, responses.vendor_usage) == (Usage(20, 9, 4, 0, 2), streams.RESPONSES_USAGE)
    anthropic = asked_and_answered("anthropic:claude-opus-5-5", Answer(streams.ANTHROPIC))
    assert anthropic.usage == Usage(20, 31, cache_read_tokens=8)
    assert anthropic.vendor_usage == {"input_tokens": 12, "cache_read_input_tokens": 8, "output_tokens": 31}


# The library warns of figures that it cannot price; the answer is none the worse.
@pytest.mark.filterwarnings("ignore::Warning")
@pytest.mark.parametrize("usage", ['{"prompt_tokens": NaN, "completion_tokens": 1}', '{"prompt_tokens": -3}', "null"])
def test_no_usage_and_nonsense_are_none_and_the_answer_counts(usage: str) -> None:
    body = event_stream(streams.chat_chunk({"content": "hi"}, "stop")).replace(
        b'"usage": null', b'"usage": ' + usage.encode()
    )
    response = asked_and_answered("openai:gpt-6-luna", Answer(body))
    assert response.usage is None
    assert response.message.text == "hi"
    assert json.dumps(response.vendor_usage, allow_nan=False)


def test_arguments_that_are_no_object_are_kept_as_text() -> None:
    body = event_stream(streams.chat_call('["Oslo"]', first=True), streams.chat_chunk({}, "tool_calls"))
    (call,) = asked_and_answered("openai:gpt-6-luna", Answer(body)).message.calls
    assert (call.arguments, call.arguments_raw) == (None, '["Oslo"]')


def test_a_call_at_the_length_limit_has_no_arguments() -> None:
    body = event_stream(streams.chat_call("", first=True), streams.chat_chunk({}, "length"))
    response = asked_and_answered("openai:gpt-6-luna", Answer(body))
    assert response.finish == "length"
    assert response.message.calls[0].arguments is None


@pytest.mark.parametrize(
    ("delta", "raw", "finish"),
    [
        ({"content": "x"}, "stop", "stop"),
        ({"content": "x"}, "length", "length"),
        ({"content": "x"}, "content_filter", "content_filter"),
        ({"refusal": "I will not."}, "stop", "refusal"),
        ({"content": "x"}, "guardrail_intervened", "other"),
    ],
)
def test_finishes(delta: JsonObject, raw: str, finish: Finish) -> None:
    response = asked_and_answered("openai:gpt-6-luna", Answer(event_stream(streams.chat_chunk(delta, raw))))
    assert response.finish == finish
    assert response.message.text in ("x", "I will not.")


def test_calls_without_an_id_or_with_the_same_one_get_their_own() -> None:
    def call(index: int) -> JsonObject:
        return {"index": index, "id": "same", "function": {"name": "get_weather", "arguments": "{}"}}

    body = event_stream(streams.chat_chunk({"tool_calls": [call(0), call(1)]}), streams.chat_chunk({}, "tool_calls"))
    calls = asked_and_answered("openai:gpt-6-luna", Answer(body)).message.calls
    assert len({call.call_id for call in calls}) == len(calls) == 2


def test_emoji_split_between_chunks_are_whole() -> None:
    body = event_stream(streams.chat_chunk({"content": "a\ud83d"}), streams.chat_chunk({"content": "\ude00"}, "stop"))
    assert asked_and_answered("openai:gpt-6-luna", Answer(body)).message.text == "a😀"


@pytest.mark.parametrize("extra", [{}, {"function_call": None}, {"audio": {"id": 3}, "tool_calls": None}])
def test_a_server_that_does_not_stream_is_understood(extra: JsonObject) -> None:
    heard: list[str] = []
    message: JsonObject = {"role": "assistant", "content": "Hello there.", **extra}
    body = {
        "id": "c",
        "model": "m",
        "choices": [{"message": message, "finish_reason": ""}],
        "usage": streams.CHAT_USAGE,
    }
    answer = Answer(json.dumps(body).encode(), content_type=JSON)
    response, stub = asyncio.run(ask("compatible:qwen", answer, on_text=heard.append))
    assert response.message.text == "".join(heard) == "Hello there."
    assert response.usage == Usage(20, 9)
    assert len(stub.asked) == 1


def test_a_compressed_stream_is_understood() -> None:
    packed = Answer(gzip.compress(streams.CHAT), headers={"content-encoding": "gzip"})
    response = asked_and_answered("openai:gpt-6-luna", packed)
    assert response.message.calls[0].arguments == {"city": "Oslo"}
    assert response.usage == Usage(20, 9)


@pytest.mark.filterwarnings("ignore::Warning")
@pytest.mark.parametrize(
    "odd",
    [
        {"choices": None},
        {"choices": [{"index": 0, "delta": None, "finish_reason": None}]},
        {"model": 7, "id": "\ud800"},
        {"choices": [{"index": 0, "delta": {"content": "a\ud800"}, "finish_reason": None}]},
    ],
)
def test_odd_chunks_do_no_harm(odd: JsonObject) -> None:
    body = event_stream({**streams.chat_chunk({}), **odd}, streams.chat_chunk({"content": "ok"}, "stop"))
    response = asked_and_answered("openai:gpt-6-luna", Answer(body))
    assert response.message.text.endswith("ok")
    assert response.model_dump_json()


def test_a_stream_under_another_content_type_is_understood() -> None:
    response = asked_and_answered("openai:gpt-6-luna", Answer(streams.CHAT, content_type="text/plain"))
    assert response.message.calls[0].arguments == {"city": "Oslo"}
    assert response.usage == Usage(20, 9)


def test_what_is_sent_to_chat_completions() -> None:
    assistant = asked_and_answered("compatible:qwen", Answer(streams.CHAT)).message
    result = ToolMessage(call_id="call_a", name="get_weather", status="error", content="no such city")
    _, stub = asyncio.run(ask("compatible:qwen", Answer(streams.CHAT), *QUESTION, assistant, result))
    (sent,) = stub.asked
    assert sent["stream"] is True
    assert sent["max_tokens"] == 500
    assert sent["stream_options"] == {"include_usage": True}
    messages = sent["messages"]
    assert isinstance(messages, list)
    assert [message["role"] for message in messages if isinstance(message, dict)] == [
        "system",
        "user",
        "assistant",
        "tool",
    ]
    assert messages[3] == {
        "role": "tool",
        "tool_call_id": "call_a",
        "content": '{"status":"error","content":"no such city"}',
    }
    assert sent["tools"] == [{"type": "function", "function": request_for("x").tools[0].model_dump()}]
