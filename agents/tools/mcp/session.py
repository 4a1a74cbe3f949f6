"""One session with one server, which the calls of many runs share: opened once, kept while it is used, then closed."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from contextvars import Context
from typing import TypeVar

from mcp import types
from mcp.client.session import ClientSession, IncomingMessage
from mcp.shared.exceptions import MCPError
from pydantic import ValidationError

from agents.contracts.base import JsonObject
from agents.contracts.calls import IDEMPOTENCY_META
from agents.tools.mcp.listing import Listing, Raw, list_tools
from agents.tools.mcp.servers import Endpoint
from agents.tools.mcp.transports import streams_of
from agents.tools.mcp.trouble import Trouble

Answer = TypeVar("Answer")

LOOK_SECONDS = 60.0
"""How old a listing may be when a call is made by it; a server also says when it has changed."""
IDLE_SECONDS = 600.0
LONGEST_ERROR = 500
CLIENT_VERSION = "1"
SESSION_IS_FORGOTTEN = "Session terminated"
"""What the SDK makes of a 404: the far end does not know the session any more, and has not looked at the request."""
CLOSED = (types.CONNECTION_CLOSED, "Connection closed")
"""What the SDK tells all who wait when the streams end."""
WANTS_THE_NEW_HANDSHAKE = (types.UNSUPPORTED_PROTOCOL_VERSION, types.METHOD_NOT_FOUND)

for _name in ("mcp", "client"):  # the SDK's loggers: they quote what they cannot read, word for word
    logging.getLogger(_name).setLevel(logging.CRITICAL)


class SessionFailed(Exception):
    """The server cannot be talked to, or not any more; the message is the rest of a sentence about it."""


class SessionForgotten(SessionFailed):
    """A server answered that it does not know this session any more: it did not look at the request."""


class ServerError(Exception):
    """The server answered a request with an error of the protocol; the message is its own, ``code`` JSON-RPC's."""

    def __init__(self, message: str, code: int = types.INTERNAL_ERROR) -> None:
        super().__init__(message)
        self.code = code


class Session:
    """All of it belongs to the event loop on which it was made."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.used_at = time.monotonic()
        self.users = 0
        self._trouble = Trouble()
        self._listing = Listing()
        self._listed_at = float("-inf")
        self._changes = 0
        self._looking = asyncio.Lock()
        self._client: ClientSession | None = None
        self._opened = asyncio.Event()
        # In a context of its own: it belongs to no run, though the call of some run opens it.
        self._keeper = asyncio.get_running_loop().create_task(self._keep(), context=Context())

    @property
    def over(self) -> bool:
        """Whether nobody can call it any more."""
        return self._trouble.come.is_set()

    async def tools(self) -> Listing:
        """What the server lists, asked again when the last answer may be too old. Raises as `call` does."""
        with self._used():
            client = await self._ready()
            async with self._looking:
                if time.monotonic() - self._listed_at >= LOOK_SECONDS:
                    changes = self._changes
                    self._listing = await self._answer(list_tools(client))
                    self._listed_at = time.monotonic() if changes == self._changes else float("-inf")
                return self._listing

    async def call(self, tool: str, arguments: JsonObject, key: str) -> JsonObject:
        """The result of a tool, in the protocol's own names. Raises SessionFailed or ServerError.

        Whoever is cancelled in it leaves the session to the others; the server is told that nobody waits any more.
        """
        with self._used():
            client = await self._ready()
            said = {"name": tool, "arguments": arguments, "_meta": {IDEMPOTENCY_META: key}}
            asked = types.CallToolRequest(params=types.CallToolRequestParams.model_validate(said))
            return (await self._answer(client.send_request(asked, Raw))).fields

    async def close(self) -> None:
        """End it, and its program with it; whoever has a call in it hears that it is over."""
        self._trouble.tell("its session was closed")
        if not self._opened.is_set():
            self._keeper.cancel()
        await asyncio.wait((self._keeper,))

    @contextmanager
    def _used(self) -> Iterator[None]:
        self.users += 1
        try:
            yield
        finally:
            self.users -= 1
            self.used_at = time.monotonic()

    async def _ready(self) -> ClientSession:
        """The client, once the handshake is done. Raises SessionFailed."""
        if not self._opened.is_set():
            waits = [asyncio.ensure_future(event.wait()) for event in (self._opened, self._trouble.come)]
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for each in waits:
                    each.cancel()
        if self._client is None or self.over:
            raise SessionFailed(self._trouble.reason)
        return self._client

    async def _answer(self, asked: Awaitable[Answer]) -> Answer:
        """What a request brings, with the SDK's errors as ours."""
        try:
            return await asked
        except MCPError as error:
            if self._trouble.forgotten and error.message == SESSION_IS_FORGOTTEN:
                self._trouble.tell("it has forgotten the session")
                raise SessionForgotten(self._trouble.reason) from error
            if self.over or (error.code, error.message) == CLOSED:
                self._trouble.tell("the connection was closed")
                raise SessionFailed(self._trouble.reason) from error
            raise ServerError(error.message[:LONGEST_ERROR], error.code) from error
        except (ValidationError, KeyError, TypeError) as error:
            raise ServerError("its answer is not what the protocol says") from error

    async def _keep(self) -> None:
        """Hold the session open: the SDK wants it left in the task that entered it."""
        trouble = self._trouble
        try:
            async with streams_of(self.endpoint, trouble) as (read, write):
                client = ClientSession(read, write, message_handler=self._hear, client_info=_client_info())
                async with client:
                    await self._greet(client)
                    self._client = client
                    self._opened.set()
                    await self._until_left()
        except Exception as error:  # whatever a stranger makes the SDK raise ends this session and nothing else
            trouble.tell(_words(error))
        finally:
            trouble.tell("its session was closed")

    async def _greet(self, client: ClientSession) -> None:
        """The handshake that every server of today knows, then the one that newer servers may insist on."""
        try:
            async with asyncio.timeout(self.endpoint.timeout_seconds):
                try:
                    await client.initialize()
                except MCPError as error:
                    if error.code not in WANTS_THE_NEW_HANDSHAKE:
                        raise
                    await client.discover()
        except TimeoutError:
            self._trouble.tell(f"it did not start within {self.endpoint.timeout_seconds} s")
            raise

    async def _until_left(self) -> None:
        """Wait until it is over, or nobody has used it for long."""
        while True:
            try:
                async with asyncio.timeout(IDLE_SECONDS / 10):
                    await self._trouble.come.wait()
                    return None
            except TimeoutError:
                if not self.users and time.monotonic() - self.used_at >= IDLE_SECONDS:
                    return self._trouble.tell("nobody used it")

    async def _hear(self, message: IncomingMessage) -> None:
        """A server says that its tools have changed; nothing else that it says by itself matters."""
        if isinstance(message, types.ToolListChangedNotification):
            self._changes += 1
            self._listed_at = float("-inf")


def _client_info() -> types.Implementation:
    return types.Implementation(name="watchfloor", version=CLIENT_VERSION)


def _words(error: BaseException) -> str:
    """The first error in a bundle, in one line."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    said = error.message if isinstance(error, MCPError) else f"{type(error).__name__}: {error}"
    return said.partition("\n")[0][:LONGEST_ERROR]
