"""A cancelled call closes the vendor's socket at once."""

import asyncio
from collections.abc import Callable

import pytest

from agents.contracts.llms import LLMError
from agents.llms import vendor
from agents.llms.registry import resolve
from tests.agents.llms import streams
from tests.agents.llms.stub_vendor import (
    Answer,
    StubVendor,
    environ_for,
    event_stream,
    request_for,
    stub_vendor,
    unheard,
)

BEGUN = {
    "openai:gpt-6-luna": event_stream(*streams.chat_events()[:2]),
    "openai-responses:gpt-6-luna": event_stream(*streams.responses_events()[:1]),
    "anthropic:claude-opus-5-5": event_stream(*streams.anthropic_events()[:3]),
}
PATIENCE_SECONDS = 60
"""The vendor hangs for good: nothing but the cancellation closes its socket."""


async def cancel_in_mid_answer(llm: str, stub: StubVendor) -> None:
    """Wait until the vendor sees its socket closed; the call that was cancelled is not looked at before."""
    call = asyncio.create_task(resolve(llm, environ_for(stub.port)).call(request_for(llm), unheard))
    await stub.sent.wait()
    call.cancel()
    await asyncio.wait_for(stub.closed.wait(), PATIENCE_SECONDS)
    with pytest.raises(asyncio.CancelledError):
        await call


@pytest.mark.parametrize(("llm", "body"), [*BEGUN.items(), ("openai:gpt-6-luna", b"")])
def test_cancelling_closes_the_socket(llm: str, body: bytes) -> None:
    async def cancelled() -> None:
        async with stub_vendor(Answer(body, hang=True)) as stub:
            await cancel_in_mid_answer(llm, stub)
            assert stub.closed.is_set()

    asyncio.run(cancelled())


@pytest.mark.parametrize(("llm", "body"), [*BEGUN.items(), ("openai:gpt-6-luna", b"")])
def test_hanging_up_closes_the_socket_before_anything_is_put_away(
    llm: str, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[Callable[[], None]] = []
    monkeypatch.setattr(vendor, "when_cut", lines.append)

    async def hung_up() -> None:
        async with stub_vendor(Answer(body, hang=True)) as stub:
            call = asyncio.create_task(resolve(llm, environ_for(stub.port)).call(request_for(llm), unheard))
            await stub.sent.wait()
            (hang_up,) = lines
            hang_up()
            await asyncio.wait_for(stub.closed.wait(), PATIENCE_SECONDS)
            with pytest.raises(LLMError):
                await call
            hang_up()  # whose line it was is closed, or another call's by now

    asyncio.run(hung_up())
