"""Whether a vendor may ask money for a call that failed: not when it was never reached, or refused."""

import asyncio
import json
from contextlib import suppress

import pytest

from agents.contracts.base import JsonObject
from agents.contracts.llms import LLMError
from agents.llms.registry import resolve
from budgets.pricing import Usage
from tests.agents.llms import streams
from tests.agents.llms.stub_vendor import (
    Answer,
    asked_and_answered,
    environ_for,
    event_stream,
    request_for,
    stub_vendor,
    unheard,
)

CHAT, ANTHROPIC = "openai:gpt-6-luna", "anthropic:claude-opus-5-5"
LLMS = [CHAT, "openai-responses:gpt-6-luna", ANTHROPIC, "compatible:qwen"]
JSON = "application/json"


def failure(llm: str, answer: Answer) -> LLMError:
    """The error of a stubbed call."""
    with pytest.raises(LLMError) as caught:
        asked_and_answered(llm, answer)
    return caught.value


async def asked_at(port: int, llm: str, seconds: float = 20.0) -> None:
    """One call to whoever listens there."""
    await resolve(llm, environ_for(port)).call(request_for(llm, timeout_seconds=seconds), unheard)


@pytest.mark.parametrize("llm", LLMS)
@pytest.mark.parametrize("status", [400, 401, 402, 404, 413, 422, 429, 500, 502, 503, 529])
def test_a_status_of_refusal_costs_nothing(llm: str, status: int) -> None:
    assert not failure(llm, Answer(b'{"error": {"message": "no"}}', status, JSON)).may_be_billed


@pytest.mark.parametrize("status", [504, 524])
def test_behind_a_gateway_that_stopped_waiting_the_vendor_may_have_gone_on(status: int) -> None:
    assert failure(CHAT, Answer(b"<html>late</html>", status, "text/html")).may_be_billed


@pytest.mark.parametrize("llm", LLMS)
def test_a_connection_that_was_refused_costs_nothing(llm: str) -> None:
    async def call() -> None:
        async with stub_vendor(Answer(b"")) as stub:
            port = stub.port
        await asked_at(port, llm)

    with pytest.raises(LLMError) as caught:
        asyncio.run(call())
    assert (caught.value.kind, caught.value.may_be_billed) == ("connection", False)


@pytest.mark.parametrize("llm", LLMS)
def test_a_connection_that_broke_after_the_prompt_had_left_may_cost(llm: str) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async def call() -> None:
        async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
            await asked_at(server.sockets[0].getsockname()[1], llm)

    with pytest.raises(LLMError) as caught:
        asyncio.run(call())
    assert (caught.value.kind, caught.value.may_be_billed) == ("connection", True)


def test_a_vendor_that_falls_silent_may_cost() -> None:
    async def call() -> None:
        async with stub_vendor(Answer(b"", hang=True)) as stub:
            await asked_at(stub.port, CHAT, 0.3)

    with pytest.raises(LLMError) as caught:
        asyncio.run(call())
    assert (caught.value.kind, caught.value.may_be_billed) == ("timeout", True)


@pytest.mark.parametrize("body", [b"<html><h1>Hello</h1></html>", b"", b"{broken", b"[]"])
def test_a_200_that_cannot_be_read_may_cost(body: bytes) -> None:
    assert failure(CHAT, Answer(body, content_type=JSON)).may_be_billed


def test_an_error_with_status_200_costs_nothing_when_it_names_a_status_of_refusal() -> None:
    refused, unknown = ({"error": {"code": code, "message": "no"}} for code in (429, "sorry"))
    assert not failure(CHAT, Answer(json.dumps(refused).encode(), content_type=JSON)).may_be_billed
    assert failure(CHAT, Answer(json.dumps(unknown).encode(), content_type=JSON)).may_be_billed


def test_an_error_in_the_stream_may_cost_though_nothing_was_said() -> None:
    overloaded: JsonObject = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    error = failure(ANTHROPIC, Answer(event_stream(overloaded)))
    assert (error.kind, error.output_characters, error.may_be_billed) == ("overloaded", 0, True)


@pytest.mark.parametrize("llm", ["nobody:knows", "openai:"])
def test_nobody_was_asked(llm: str) -> None:
    with pytest.raises(LLMError) as caught:
        resolve(llm, environ_for(1))
    assert not caught.value.may_be_billed


def test_what_was_said_or_counted_may_be_billed_whatever_else_is_known() -> None:
    assert LLMError("overloaded", "busy", may_be_billed=False, output_characters=3).may_be_billed
    assert LLMError("overloaded", "busy", may_be_billed=False, usage=Usage(1, 0)).may_be_billed


def test_the_usage_so_far_is_not_final_and_kept_in_the_vendors_words() -> None:
    error = failure(ANTHROPIC, Answer(event_stream(*streams.anthropic_events()[:7])))
    assert (error.usage, error.usage_is_final) == (Usage(20, 1, cache_read_tokens=8), False)
    assert error.vendor_usage == {"input_tokens": 12, "cache_read_input_tokens": 8, "output_tokens": 1}


def test_a_usage_before_the_end_mark_is_not_the_last_word_unless_the_stream_says_it_is_done() -> None:
    growing: list[JsonObject] = [
        {**streams.chat_chunk({"content": "Tea."}), "usage": {"prompt_tokens": 20, "completion_tokens": 1}},
        streams.chat_chunk({}, "stop"),
    ]
    cut, done = (asked_and_answered(CHAT, Answer(event_stream(*growing, done=done))) for done in (False, True))
    assert (cut.usage, done.usage) == (None, Usage(20, 1))
    assert cut.vendor_usage == done.vendor_usage == {"prompt_tokens": 20, "completion_tokens": 1}
