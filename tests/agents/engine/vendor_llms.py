"""The engine's LLMs as real vendors' clients whose bytes come from a test, whole or cut off anywhere."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from unittest.mock import patch

import httpx2

from agents.contracts.llms import LLMError, LLMRequest, LLMResponse
from agents.llms import vendor
from agents.llms.http_client import new_client
from agents.llms.registry import resolve
from tests.agents.engine.world import FIRST
from tests.agents.llms.stub_vendor import environ_for


class Chunks(httpx2.AsyncByteStream):
    """A body in pieces; ``breaks`` when its connection dies after the last one."""

    def __init__(self, chunks: Sequence[bytes], *, breaks: bool) -> None:
        self._chunks = chunks
        self._breaks = breaks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk
        if self._breaks:
            raise httpx2.ReadError("the connection broke")


@dataclass
class VendorLLMs:
    """The first LLM of a chain is this vendor's; there is no second one."""

    vendor: str
    chunks: Sequence[bytes]
    breaks: bool = False

    def call(self, request: LLMRequest, on_text: Callable[[str], None]) -> LLMResponse:
        """Ask once."""
        if request.llm != FIRST:
            raise LLMError("not_found", "There is no other.", may_be_billed=False)
        return asyncio.run(self._asked(request, on_text))

    async def _asked(self, request: LLMRequest, on_text: Callable[[str], None]) -> LLMResponse:
        def answered(_: httpx2.Request) -> httpx2.Response:
            stream = Chunks(self.chunks, breaks=self.breaks)
            return httpx2.Response(200, headers={"content-type": "text/event-stream"}, stream=stream)

        async with new_client(httpx2.MockTransport(answered)) as client:
            with patch.object(vendor, "shared_client", lambda: client):
                return await resolve(self.vendor, environ_for(1)).call(request, on_text)


def pieces(body: bytes) -> list[bytes]:
    """A body, event by event."""
    return [piece + b"\n\n" for piece in body.split(b"\n\n") if piece.strip()]
