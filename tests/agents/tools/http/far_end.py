"""An HTTP server on the loopback that answers as it is told, however badly, and notes what reached it."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Self

from pydantic import JsonValue

Write = Callable[[bytes], Awaitable[None]]
PIECE = b"x" * 65_536


@dataclass(frozen=True)
class Request:
    """What a client sent."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> JsonValue:
        """The body's JSON."""
        found: JsonValue = json.loads(self.body)
        return found


@dataclass(frozen=True)
class Reply:
    """An answer in pieces, with a pause between them. ``stays`` keeps the connection open after the last."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    pieces: int = 1
    pause_seconds: float = 0.0
    stays: bool = False

    async def head(self) -> AsyncIterator[bytes]:
        """The status and the headers; without a length the end of the connection is the end of the body."""
        yield f"HTTP/1.1 {self.status} Said\r\n".encode()
        for name, value in self.headers:
            yield f"{name}: {value}\r\n".encode()
        yield b"\r\n"


def says(value: JsonValue, status: int = 200, **headers: str) -> Reply:
    """A plain JSON answer."""
    named = tuple((name.replace("_", "-"), text) for name, text in headers.items())
    body = json.dumps(value).encode()
    return Reply(status, (("content-type", "application/json"), ("content-length", str(len(body))), *named), body)


def page(status: int = 200) -> Reply:
    """An HTML page."""
    return Reply(status, (("content-type", "text/html"),), b"<!doctype html><title>It works!</title>")


def moved(location: str, status: int = 302) -> Reply:
    """A redirect."""
    return Reply(status, (("location", location), ("content-length", "0")))


CUT = Reply(0)
"""Closes the connection instead of an answer."""
SILENT = Reply(0, stays=True)
"""Says nothing and keeps the connection."""


@dataclass
class FarEnd:
    """The server. Each path has its replies in order; the last one is repeated."""

    replies: dict[str, list[Reply]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    arrived: threading.Event = field(default_factory=threading.Event)
    hung_up: threading.Event = field(default_factory=threading.Event)
    written_bytes: int = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def on(self, path: str, *replies: Reply) -> Self:
        """What it answers there."""
        self.replies[path] = list(replies)
        return self

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        self.connections += 1
        try:
            request = await _read(reader)
            self.requests.append(request)
            self.arrived.set()
            await self._answer(self._reply(request.target.partition("?")[0]), reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            self.hung_up.set()
        finally:
            writer.close()

    def _reply(self, path: str) -> Reply:
        replies = self.replies.get(path, [says({"error": "no such page"}, 404)])
        return replies.pop(0) if len(replies) > 1 else replies[0]

    async def _answer(self, reply: Reply, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if reply.status:
            async for part in reply.head():
                writer.write(part)
        for _ in range(reply.pieces):
            writer.write(reply.body)
            self.written_bytes += len(reply.body)
            await writer.drain()
            if reply.pause_seconds:
                await asyncio.sleep(reply.pause_seconds)
        if reply.stays:
            await reader.read()
            self.hung_up.set()


@contextmanager
def far_end() -> Iterator[FarEnd]:
    """A server on a free port of the loopback, in a thread of its own."""
    end, loop, ready = FarEnd(), asyncio.new_event_loop(), threading.Event()

    async def run(stop: asyncio.Event) -> None:
        server = await asyncio.start_server(end.serve, "127.0.0.1", 0)
        end.port = server.sockets[0].getsockname()[1]
        ready.set()
        await stop.wait()
        server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    stop = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(run(stop)), name="far end")
    thread.start()
    assert ready.wait(60)
    try:
        yield end
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(60)
        loop.close()


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, target, headers, body)
