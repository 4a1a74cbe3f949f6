"""One client's connection: HTTP by h11, and a watch on its socket while an answer is being sent."""

import asyncio
import contextlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass

import h11

from agents.contracts.base import JsonObject

READ_BYTES = 65_536
MAX_BODY_BYTES = 32 * 1024 * 1024


class ClientGone(Exception):
    """The client closed its socket."""


@dataclass(frozen=True)
class Asked:
    """One request of a client."""

    method: str
    path: str
    body: bytes


class Connection:
    """Reads requests and writes answers; ``gone`` is set the moment the client closes its side."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=READ_BYTES)
        self._reader = reader
        self._writer = writer
        self.gone = asyncio.Event()
        self.gone_at = 0  # nanoseconds since 1970
        self._arrived = asyncio.Event()

    async def watch(self) -> None:
        """Read while the client is there; runs beside the answers, so that a hang-up is seen at once."""
        with contextlib.suppress(ConnectionError):
            while data := await self._reader.read(READ_BYTES):
                self._http.receive_data(data)
                self._arrived.set()
        self.hang_up()

    def hang_up(self) -> None:
        """Take the client for gone: whatever waits for it stops waiting."""
        self.gone_at = self.gone_at or time.time_ns()
        self.gone.set()
        self._arrived.set()

    async def next_request(self) -> Asked | None:
        """The next request, None when the client is done."""
        head: h11.Request | None = None
        body = bytearray()
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                if self.gone.is_set():
                    return None
                self._arrived.clear()
                await self._arrived.wait()
            elif isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > MAX_BODY_BYTES:
                    return None
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                return Asked(head.method.decode(), head.target.decode().partition("?")[0], bytes(body))
            else:
                return None

    async def answer(self, status: int, body: JsonObject | list[JsonObject], headers: Mapping[str, str]) -> None:
        """A whole JSON answer."""
        await self.answer_bytes(status, json.dumps(body).encode(), {"Content-Type": "application/json", **headers})

    async def answer_bytes(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        """A whole answer."""
        await self.start(status, {**headers, "Content-Length": str(len(body))})
        await self.send(body)
        await self.finish()

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Status line and headers; without a Content-Length the body goes out in chunks."""
        await self._write(h11.Response(status_code=status, headers=list(headers.items())))

    async def send(self, data: bytes) -> None:
        """A piece of the body. Raises ClientGone."""
        await self._write(h11.Data(data=data))

    async def finish(self) -> None:
        """The end of the answer; the connection may take another request."""
        await self._write(h11.EndOfMessage())
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()

    async def pause(self, seconds: float) -> None:
        """Wait, but not for a client that is gone. Raises ClientGone."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.gone.wait(), seconds)
        if self.gone.is_set():
            raise ClientGone

    async def close(self) -> None:
        """Close the socket, in the middle of an answer too."""
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()

    async def _write(self, event: h11.Event) -> None:
        if self.gone.is_set():
            raise ClientGone
        try:
            self._writer.write(self._http.send(event) or b"")
            await self._writer.drain()
        except ConnectionError as error:
            self.hang_up()
            raise ClientGone from error
