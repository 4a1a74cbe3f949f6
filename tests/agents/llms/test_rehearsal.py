"""The rehearsal LLM in this process: steady, streamed, counted, and slow only when told."""

import asyncio

import pytest

from agents.contracts.llms import FailureKind, LLMError, LLMRequest, LLMResponse
from agents.contracts.messages import ToolMessage, UserMessage
from agents.llms import performance
from agents.llms.registry import resolve
from tests.agents.llms import weather_policy
from tests.agents.llms.stub_vendor import request_for

RESULT = ToolMessage(call_id="call_1", name="get_weather", status="ok", content={"temperature": 7})


@pytest.fixture(autouse=True)
def _weather(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(performance, "LIBRARY_POLICIES", weather_policy.LIBRARY)


def answered(name: str, request: LLMRequest | None = None) -> tuple[LLMResponse, list[str]]:
    """The response of a rehearsal, and what was heard of it."""
    heard: list[str] = []
    llm = f"rehearsal:{name}"
    return asyncio.run(resolve(llm, {}).call(request or request_for(llm), heard.append)), heard


def test_the_same_question_gets_the_same_answer() -> None:
    assert answered("weather") == answered("weather")


def test_text_is_streamed_in_words() -> None:
    response, heard = answered("weather", request_for("x", UserMessage(text="Weather?"), RESULT))
    assert "".join(heard) == response.message.text
    assert len(heard) > 5
    assert response.finish == "stop"


def test_usage_is_reported_like_a_vendor_does() -> None:
    response, _ = answered("weather")
    assert response.usage is not None
    assert response.vendor_usage == {
        "prompt_tokens": response.usage.input_tokens,
        "completion_tokens": response.usage.output_tokens,
        "total_tokens": response.usage.input_tokens + response.usage.output_tokens,
    }
    silent, _ = answered("weather+no-usage")
    assert (silent.usage, silent.vendor_usage) == (None, {})


def test_call_ids_are_new_to_the_conversation() -> None:
    first, _ = answered("weather+loop")
    request = request_for("x", UserMessage(text="Weather?"), first.message, RESULT)
    second, _ = answered("weather+loop", request)
    assert first.message.calls[0].call_id != second.message.calls[0].call_id


def test_the_limit_of_output_cuts_the_text() -> None:
    request = request_for("x", UserMessage(text="Weather?"), RESULT).model_copy(update={"max_output_tokens": 3})
    response, _ = answered("weather", request)
    assert response.finish == "length"
    assert len(response.message.text) == 12


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("weather+unavailable", "overloaded"),
        ("weather+status=429", "rate_limited"),
        ("weather+status=401", "authentication"),
        ("weather+html", "bad_answer"),
        ("weather+half-stream", "cut"),
        ("broken", "server_error"),
        ("nobody", "not_found"),
    ],
)
def test_failures_on_demand(name: str, kind: FailureKind) -> None:
    with pytest.raises(LLMError) as caught:
        answered(name)
    assert caught.value.kind == kind
    assert (caught.value.output_characters > 0) == (kind == "cut")


def test_a_slow_answer_can_be_cancelled_and_times_out() -> None:
    async def cancelled() -> None:
        heard = asyncio.Event()
        request = request_for("rehearsal:weather+slow=600")
        call = asyncio.create_task(resolve(request.llm, {}).call(request, lambda _: heard.set()))
        await asyncio.sleep(0)
        call.cancel()
        await call

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())
    with pytest.raises(LLMError) as caught:
        answered("weather+slow=600", request_for("x", timeout_seconds=0.01))
    assert caught.value.kind == "timeout"
