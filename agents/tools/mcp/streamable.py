"""A server behind an address: the SDK's streamable HTTP, over connections that obey the rules of tools, in bounds.

The SDK ends a whole session when one request of it meets an error of the network. Here such an error becomes an answer
to that very request, so that the calls of other runs go on.
"""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from mcp.client._transport import TransportStreams
from mcp.client.streamable_http import streamable_http_client
from mcp.types import INTERNAL_ERROR
from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.tools.http.network import CONNECT_SECONDS, Forbidden, GuardedTransport
from agents.tools.mcp.flood import MESSAGE_BYTES, Allowance, Flood
from agents.tools.mcp.sending import SENDING
from agents.tools.mcp.servers import Endpoint
from agents.tools.mcp.trouble import Trouble

CONNECTED = ("connect_tcp.complete", "start_tls.complete")
NOTICE_SECONDS = 5.0
"""How long a server may take over what needs no answer; the SDK sends nothing else meanwhile."""
NO_ENCODING = ("", "identity")
BAD_GATEWAY = 502
NOT_FOUND = 404
SESSION_HEADER = "mcp-session-id"


@asynccontextmanager
async def address_streams(endpoint: Endpoint, trouble: Trouble) -> AsyncGenerator[TransportStreams]:
    """Talk to a server behind an address; ``trouble`` hears when it says too much."""
    client = httpx2.AsyncClient(
        transport=Bounded(endpoint, trouble),
        headers={**endpoint.headers, "accept-encoding": "identity"},
        trust_env=False,
    )
    async with (
        client,
        streamable_http_client(endpoint.url, http_client=client, max_sse_event_size=MESSAGE_BYTES) as streams,
    ):
        yield streams


class Bounded(httpx2.AsyncBaseTransport):
    """Requests of one session. Nothing that the network does raises here."""

    def __init__(self, endpoint: Endpoint, trouble: Trouble) -> None:
        self._endpoint = endpoint
        self._trouble = trouble
        self._allowance = Allowance()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The answer, or one that says why there is none."""
        said = _message_in(await request.aread())
        request.extensions = {
            **request.extensions,
            "trace": _watch,
            "timeout": {"connect": CONNECT_SECONDS, "read": self._patience(request, said), "write": 60.0, "pool": None},
        }
        try:
            response = await GuardedTransport().handle_async_request(request)
        except Forbidden as forbidden:
            return _answer(said, BAD_GATEWAY, str(forbidden))
        except (httpx2.TransportError, httpx2.InvalidURL) as error:
            return _answer(said, BAD_GATEWAY, f"it could not be reached: {type(error).__name__}")
        if response.status_code == NOT_FOUND and SESSION_HEADER in request.headers:
            self._trouble.forgotten = True
        if (why := _unusable(response)) is not None:
            await response.aclose()
            return _answer(said, response.status_code, why)
        if isinstance(response.stream, httpx2.AsyncByteStream):
            response.stream = BoundedBody(response, self._allowance, self._trouble)
        return response

    def _patience(self, request: httpx2.Request, said: JsonObject) -> float | None:
        """Seconds of silence. A call has its own limit and hangs up then; what comes by itself may come at any time."""
        if request.method == "GET" or said.get("method") == "tools/call":
            return None
        return float(self._endpoint.timeout_seconds) if "id" in said else NOTICE_SECONDS


class BoundedBody(httpx2.AsyncByteStream):
    """A body that ends when it is too much, and whose faults are those of one request."""

    def __init__(self, response: httpx2.Response, allowance: Allowance, trouble: Trouble) -> None:
        self._inner = response.stream
        self._events = "event-stream" in response.headers.get("content-type", "")
        self._allowance = allowance
        self._trouble = trouble

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        try:
            async for chunk in self._chunks():
                size += len(chunk)
                if size > MESSAGE_BYTES and not self._events:
                    raise httpx2.StreamError(f"its answer has more than {MESSAGE_BYTES // 1024 // 1024} MB")
                events = (chunk.count(b"\n") + chunk.count(b"\r")) // 2 if self._events else 1
                self._allowance.take(messages=events, size=len(chunk))
                yield chunk
        except Flood as flood:
            self._trouble.tell(str(flood))
            raise httpx2.StreamError(str(flood)) from flood
        except httpx2.TransportError as error:
            raise httpx2.StreamError(f"its answer broke off: {type(error).__name__}") from error

    def _chunks(self) -> AsyncIterator[bytes]:
        if not isinstance(self._inner, httpx2.AsyncByteStream):
            raise httpx2.StreamError("its answer cannot be read")
        return self._inner.__aiter__()

    async def aclose(self) -> None:
        if isinstance(self._inner, httpx2.AsyncByteStream):
            await self._inner.aclose()


async def _watch(event: str, info: Mapping[str, Any]) -> None:
    """Hear from the library what it does with a caller's request."""
    sending = SENDING.get()
    if sending is None:
        return
    if event.endswith(CONNECTED):
        sending.line = info["return_value"].get_extra_info("socket")
    sending.sent = sending.sent or event.endswith("send_request_headers.started")


def _message_in(body: bytes) -> JsonObject:
    """The message that a request carries; nothing for one without."""
    said: JsonValue = json.loads(body) if body else {}
    return said if isinstance(said, dict) else {}


def _unusable(response: httpx2.Response) -> str | None:
    """Why an answer is of no use, unless the SDK can say it better."""
    if response.headers.get("content-encoding", "").strip().lower() not in NO_ENCODING:
        return "it compressed its answer although it was asked not to"
    json_said = response.headers.get("content-type", "").startswith("application/json")
    if response.status_code >= 400 and response.status_code != NOT_FOUND and not json_said:
        return f"it answered {response.status_code}"
    return None


def _answer(said: JsonObject, status: int, why: str) -> httpx2.Response:
    error: JsonObject = {"code": INTERNAL_ERROR, "message": why}
    return httpx2.Response(max(status, 400), json={"jsonrpc": "2.0", "id": said.get("id"), "error": error})
