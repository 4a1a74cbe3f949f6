"""A TCP proxy that misbehaves on demand, in front of Redis, PostgreSQL or a vendor, in a thread of its own."""

import asyncio
import random
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import SplitResult, unquote, urlsplit

from tests.harness.faults import Cut, Faults, Pump

LOOPBACK = "127.0.0.1"
START_SECONDS = 60.0
DEFAULT_PORTS = {"redis": 6379, "postgres": 5432, "postgresql": 5432, "http": 80}
RESET_AT_CLOSE = struct.pack("ii", 1, 0)

Result = TypeVar("Result")
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(slots=True)
class Counters:
    """What the proxy has seen so far."""

    opened: int = 0
    """Connections that were carried to the target."""
    open: int = 0
    refused: int = 0
    unreachable: int = 0
    """Connections that ended at once since the target took none."""
    cut: int = 0
    lost: int = 0
    """Connections that one of their ends reset; the other end's was reset too."""


class FaultyProxy:
    """`with FaultyProxy(url) as proxy:` gives a server at `proxy.url()` that is the target, with faults.

    `up` are the faults on the way to the target, `down` those on the way back. A Unix socket may be the target.
    """

    def __init__(self, target: str, *, seed: int = 0) -> None:
        """`target` is a URL, or `host:port`; `seed` is that of the jitter."""
        self.aim(target)
        self._dice = random.Random(seed)
        self.up, self.down = Faults(), Faults()
        self.counters = Counters()
        self.refuse = False
        """Reset every new connection; those that are open go on."""
        self.port = 0
        self._live: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="faulty-proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._call(self._listen)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._call(self._end)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_SECONDS)
        self._loop.close()

    def aim(self, target: str) -> None:
        """Lead new connections to another target."""
        self._target = urlsplit(target if "://" in target else f"tcp://{target}")

    def url(self, url: str = "") -> str:
        """A URL of the target (the one that it was given, unless another is named) that leads through the proxy."""
        parts = urlsplit(url) if url else self._target
        user, at, _ = parts.netloc.rpartition("@")
        return parts._replace(netloc=f"{user}{at}{LOOPBACK}:{self.port}").geturl()

    def cut(self) -> int:
        """Reset every open connection now; returns how many there were."""
        return self._call(self._cut_all)

    def heal(self) -> None:
        """No fault from now on; what was cut stays cut."""
        self.refuse = False
        self.up.heal()
        self.down.heal()

    def _call(self, work: Callable[[], Coroutine[None, None, Result]]) -> Result:
        return asyncio.run_coroutine_threadsafe(work(), self._loop).result(START_SECONDS)

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._accept, LOOPBACK, 0)

    async def _end(self) -> None:
        self._server.close()
        await self._cut_all()

    async def _cut_all(self) -> int:
        live = list(self._live)
        for task in live:
            task.cancel()
        await asyncio.gather(*live, return_exceptions=True)
        return len(live)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refuse:
            self.counters.refused += 1
            _reset(writer)
            return
        try:
            target = await self._connect()
        except OSError:
            self.counters.unreachable += 1
            _reset(writer)
            return
        task = asyncio.current_task()
        if task is not None:
            self._live.add(task)
            task.add_done_callback(self._live.discard)
        await self._carry((reader, writer), target)

    async def _connect(self) -> Streams:
        host, port = address(self._target)
        if host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(host, port)

    async def _carry(self, client: Streams, target: Streams) -> None:
        self.counters.opened += 1
        self.counters.open += 1
        ways = [
            asyncio.ensure_future(Pump(self.up, self._dice).run(client[0], target[1])),
            asyncio.ensure_future(Pump(self.down, self._dice).run(target[0], client[1])),
        ]
        end = _reset
        try:
            await asyncio.gather(*ways)
            end = _close
        except (Cut, asyncio.CancelledError):
            self.counters.cut += 1
        except OSError:
            self.counters.lost += 1
        finally:
            for way in ways:
                way.cancel()
            self.counters.open -= 1
            end(client[1])
            end(target[1])


def address(url: SplitResult) -> tuple[str, int]:
    """Host, or folder of the Unix socket, and port of a URL; `hostname` would write the folder small."""
    host, _, port = url.netloc.rpartition("@")[2].partition(":")
    return unquote(host) or LOOPBACK, int(port) if port else DEFAULT_PORTS[url.scheme]


def _close(writer: asyncio.StreamWriter) -> None:
    """End a connection as its owner would, after what is still to be sent."""
    writer.close()


def _reset(writer: asyncio.StreamWriter) -> None:
    """End a connection so that the other side is told of an error and not of an end."""
    connection = writer.get_extra_info("socket")
    if connection.family != socket.AF_UNIX and connection.fileno() >= 0:  # else its own end was faster
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
    writer.transport.abort()
