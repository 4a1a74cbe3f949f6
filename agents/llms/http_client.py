"""The HTTP client that all vendors share, one per event loop, with an observer on every answer."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

import httpx2

from agents.llms.wire import CURRENT_WIRE, MAX_BODY_BYTES, Wire

CONNECT_SECONDS = 10.0
CONNECTED = ("connect_tcp.complete", "start_tls.complete")
SILENCE_SECONDS = 600.0  # a vendor that reasons may say nothing for long; the call has its own, shorter limit
_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx2.AsyncClient] = WeakKeyDictionary()


class ObservedStream(httpx2.AsyncByteStream):
    """A response body that tells the observer each chunk before the library sees it."""

    def __init__(self, stream: httpx2.AsyncByteStream, wire: Wire) -> None:
        self._stream = stream
        self._wire = wire

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            self._wire.feed(chunk)
            yield chunk
        self._wire.end()

    async def aclose(self) -> None:
        self._wire.line = None  # it may go back to the pool, and serve another call
        await self._stream.aclose()


async def watch(request: httpx2.Request) -> None:
    """Request hook: note when the prompt begins to leave, since only then can anything be billed, and on which line."""
    wire = CURRENT_WIRE.get()
    if wire is None:
        return

    async def trace(event: str, info: Mapping[str, Any]) -> None:
        if event.endswith(CONNECTED):
            wire.line = info["return_value"].get_extra_info("socket")
        wire.sent = wire.sent or event.endswith("send_request_body.started")

    request.extensions = {**request.extensions, "trace": trace}


async def observe(response: httpx2.Response) -> None:
    """Response hook: watch an event stream as it passes, read anything else whole."""
    wire = CURRENT_WIRE.get()
    if wire is None:
        return
    wire.status = response.status_code
    wire.content_type = response.headers.get("content-type", "")
    stream = response.stream
    # Compressed in spite of our wish: read whole, since only the library can unpack it.
    packed = bool(response.headers.get("content-encoding"))
    if "event-stream" in wire.content_type and not packed and isinstance(stream, httpx2.AsyncByteStream):
        wire.streaming = True
        network = response.extensions.get("network_stream")
        wire.line = network.get_extra_info("socket") if network is not None else None
        response.stream = ObservedStream(stream, wire)
        return
    wire.line = None
    wire.body = (await response.aread())[:MAX_BODY_BYTES]
    if wire.body.lstrip().startswith((b"data:", b"event:", b":")):
        wire.streaming = True
        wire.feed(wire.body)
        wire.end()


@cache
def ssl_context() -> ssl.SSLContext:
    """The trusted certificates, read once: it takes tens of milliseconds."""
    return httpx2.create_ssl_context()


def new_client(transport: httpx2.AsyncBaseTransport | None = None) -> httpx2.AsyncClient:
    """A client with explicit timeouts.

    It asks for uncompressed bodies, since the observer reads the bytes as they pass.
    """
    return httpx2.AsyncClient(
        transport=transport,
        verify=ssl_context(),
        timeout=httpx2.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS, pool=CONNECT_SECONDS),
        limits=httpx2.Limits(max_connections=1000, max_keepalive_connections=20, keepalive_expiry=15.0),
        headers={"Accept-Encoding": "identity"},
        event_hooks={"request": [watch], "response": [observe]},
    )


def shared_client() -> httpx2.AsyncClient:
    """The running event loop's client."""
    loop = asyncio.get_running_loop()
    client = _clients.get(loop)
    if client is None or client.is_closed:
        client = _clients[loop] = new_client()
    return client


async def close_shared_client() -> None:
    """Close the running loop's client and its idle connections; for the end of a loop's life."""
    client = _clients.pop(asyncio.get_running_loop(), None)
    if client is not None:
        await client.aclose()
