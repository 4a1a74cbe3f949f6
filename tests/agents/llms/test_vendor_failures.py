"""Every way a vendor can fail is one LLMError of the right kind."""

import asyncio
import json

import pytest

from agents.contracts.base import JsonObject
from agents.contracts.llms import FailureKind, LLMError
from agents.llms.registry import resolve
from tests.agents.llms import streams
from tests.agents.llms.stub_vendor import (
    Answer,
    ask,
    asked_and_answered,
    environ_for,
    event_stream,
    request_for,
    stub_vendor,
    unheard,
)

LLMS = ["openai:gpt-6-luna", "openai-responses:gpt-6-luna", "anthropic:claude-opus-5-5", "compatible:qwen"]
JSON = "application/json"


def failure(llm: str, answer: Answer) -> LLMError:
    """The error of a stubbed call."""
    with pytest.raises(LLMError) as caught:
        asked_and_answered(llm, answer)
    return caught.value


def error_answer(status: int, code: str, message: str, **headers: str) -> Answer:
    """An error as OpenAI and Anthropic word it."""
    body = {"type": "error", "error": {"type": code, "code": code, "message": message}}
    return Answer(json.dumps(body).encode(), status, JSON, headers)


@pytest.mark.parametrize("llm", LLMS)
@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, "authentication_error", "authentication"),
        (404, "not_found_error", "not_found"),
        (400, "invalid_request_error", "invalid_request"),
        (429, "rate_limit_error", "rate_limited"),
        (429, "insufficient_quota", "spend_limit"),
        (500, "api_error", "server_error"),
        (503, "overloaded_error", "overloaded"),
    ],
)
def test_statuses(llm: str, status: int, code: str, kind: FailureKind) -> None:
    error = failure(llm, error_answer(status, code, "Because of sk-secret0123456789."))
    assert (error.kind, error.status, error.output_characters) == (kind, status, 0)
    assert "Because of [key]" in error.detail
    assert error.may_retry == (kind in ("rate_limited", "server_error", "overloaded"))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert failure(LLMS[0], error_answer(429, "rate_limit_error", "slow", **headers)).retry_after_seconds == seconds


def test_a_date_as_retry_after_is_bounded_to_a_day() -> None:
    far = error_answer(429, "rate_limit_error", "slow", **{"retry-after": "Fri, 31 Dec 2999 23:59:59 GMT"})
    assert failure(LLMS[0], far).retry_after_seconds == 24 * 3600


@pytest.mark.parametrize("llm", LLMS)
@pytest.mark.parametrize(
    ("body", "content_type", "part"),
    [
        (b"<html><h1>Bad gateway</h1></html>", "text/html", "Bad gateway"),
        (b"", JSON, "empty answer"),
        (b"", "text/event-stream", "empty"),
        (b"{broken", JSON, "{broken"),
        (b"[]", JSON, "[]"),
        (b"data: {broken\n\n", "text/event-stream", ""),
    ],
)
def test_a_200_without_an_answer_is_a_bad_answer(llm: str, body: bytes, content_type: str, part: str) -> None:
    error = failure(llm, Answer(body, content_type=content_type))
    assert error.kind in ("bad_answer", "cut")
    assert error.status == 200
    assert part in error.detail
    assert error.may_retry


@pytest.mark.parametrize("llm", ["openai:gpt-6-luna", "compatible:qwen"])
def test_an_error_with_status_200_is_that_error(llm: str) -> None:
    body = json.dumps({"error": {"code": 429, "message": "Slow down"}}).encode()
    assert failure(llm, Answer(body, content_type=JSON)).kind == "rate_limited"


IN_STREAM: list[tuple[str, JsonObject, FailureKind]] = [
    (LLMS[0], {"error": {"code": "rate_limit_exceeded", "message": "Slow"}}, "rate_limited"),
    (LLMS[0], {"error": {"message": "no words", "type": "server_error"}}, "server_error"),
    (
        LLMS[2],
        {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
        "overloaded",
    ),
    (LLMS[2], {"type": "error", "error": {"type": "api_error", "message": "Sorry"}}, "server_error"),
    (
        LLMS[1],
        {"type": "error", "code": "server_error", "message": "Sorry", "sequence_number": 4},
        "server_error",
    ),
]


@pytest.mark.parametrize(("llm", "event", "kind"), IN_STREAM)
def test_an_error_in_the_stream_counts_what_was_said(llm: str, event: JsonObject, kind: FailureKind) -> None:
    begun = {
        LLMS[0]: streams.chat_events()[:3],
        LLMS[1]: streams.responses_events()[:4],
        LLMS[2]: streams.anthropic_events()[:7],
    }
    error = failure(llm, Answer(event_stream(*begun[llm], event)))
    assert error.kind == kind
    assert error.output_characters > 0
    assert not error.may_retry


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize(("llm", "body"), streams.STREAMS)
def test_a_cut_at_every_event_never_gives_part_of_a_call(llm: str, body: bytes, whole: bool) -> None:
    events = body.split(b"\n\n")
    ends = [len(b"\n\n".join(events[:count])) for count in range(1, len(events))]
    cuts = sorted({cut for end in ends for cut in (end - 9, end, end + 2)} - {0})
    outcomes = [asyncio.run(cut_call(llm, Answer(body[:cut], whole=whole))) for cut in cuts]
    assert set(outcomes) == {"cut", "complete"}
    assert "cut" not in outcomes[outcomes.index("complete") :]


async def cut_call(llm: str, answer: Answer) -> str:
    """How a cut answer ended; when it gave calls, they are whole."""
    try:
        response, _ = await ask(llm, answer)
    except LLMError as error:
        return error.kind
    assert [call.arguments for call in response.message.calls] == [{"city": "Oslo"}]
    return "complete"


def test_a_cut_reports_the_characters_and_the_usage_so_far() -> None:
    error = failure(LLMS[2], Answer(event_stream(*streams.anthropic_events()[:7])))
    assert error.kind == "cut"
    assert error.output_characters == len("They want weather." + "Let me look.")
    assert error.usage is not None
    assert error.usage.input_tokens == 20


@pytest.mark.parametrize("llm", LLMS)
def test_nobody_listening_is_a_connection_failure(llm: str) -> None:
    async def call() -> None:
        async with stub_vendor(Answer(b"")) as stub:
            port = stub.port
        await resolve(llm, environ_for(port)).call(request_for(llm), unheard)

    with pytest.raises(LLMError, match="could not be reached") as caught:
        asyncio.run(call())
    assert caught.value.kind == "connection"
    assert caught.value.may_retry


def test_a_vendor_that_says_nothing_more_times_out() -> None:
    async def call() -> None:
        async with stub_vendor(Answer(event_stream(*streams.chat_events()[:2]), hang=True)) as stub:
            request = request_for(LLMS[0], timeout_seconds=0.3)
            await resolve(LLMS[0], environ_for(stub.port)).call(request, unheard)

    with pytest.raises(LLMError) as caught:
        asyncio.run(call())
    assert (caught.value.kind, caught.value.output_characters) == ("timeout", len("Let me "))


def test_what_the_listener_raises_is_no_fault_of_the_vendor() -> None:
    def refuse(text: str) -> None:
        raise BufferError(text)

    with pytest.raises(BufferError):
        asyncio.run(ask(LLMS[0], Answer(streams.CHAT), on_text=refuse))


def test_the_vendor_is_asked_once_whatever_it_answers() -> None:
    async def call() -> int:
        async with stub_vendor(error_answer(500, "api_error", "no")) as stub:
            with pytest.raises(LLMError):
                await resolve(LLMS[0], environ_for(stub.port)).call(request_for(LLMS[0]), unheard)
            return len(stub.asked)

    assert asyncio.run(call()) == 1
