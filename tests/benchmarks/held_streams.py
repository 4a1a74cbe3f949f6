"""A vendor that begins every answer and never ends it, and notes when each of its sockets was closed."""

from __future__ import annotations

import asyncio
import json
import sys
import time
import urllib.request
from dataclasses import dataclass, field

LOOPBACK = "127.0.0.1"
WORD_SECONDS = 2.0
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
NEVER_READ = "/seen"


@dataclass(frozen=True, slots=True)
class Seen:
    """What the vendor has seen: requests in all, and when each that was given up was closed, by the machine's clock."""

    asked: int
    closed_ns: list[int]


@dataclass
class HeldStreams:
    """The server; times are those of CLOCK_MONOTONIC, which all processes of a machine share."""

    asked: int = 0
    closed_ns: list[int] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: the question of the benchmark is answered, everybody else waits for the next word."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            if head.split()[1] == NEVER_READ:
                told = json.dumps({"asked": self.asked, "closed_ns": self.closed_ns}).encode()
                writer.write(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(told), told))
                await writer.drain()
                return
            lengths = [line for line in head.lower().split("\r\n") if line.startswith("content-length:")]
            await reader.readexactly(int(lengths[0].partition(":")[2]))
            await self._hold(reader, writer)
        finally:
            writer.close()

    async def _hold(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked += 1
        writer.write(HEAD)
        speaking = asyncio.create_task(_speak(writer))
        try:
            await reader.read(1)
        except ConnectionError:
            pass
        finally:
            self.closed_ns.append(time.monotonic_ns())
            speaking.cancel()


async def _speak(writer: asyncio.StreamWriter) -> None:
    """A word now and then, as a vendor that is slow."""
    piece = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "held"}
    word = {"index": 0, "delta": {"role": "assistant", "content": "well "}, "finish_reason": None}
    event = b"data: " + json.dumps({**piece, "choices": [word]}).encode() + b"\n\n"
    while True:
        writer.write(b"%x\r\n%s\r\n" % (len(event), event))
        await asyncio.sleep(WORD_SECONDS)


def look(port: int) -> Seen:
    """Ask the vendor what it has seen."""
    with urllib.request.urlopen(f"http://{LOOPBACK}:{port}{NEVER_READ}", timeout=10) as answer:
        return Seen(**json.load(answer))


async def main() -> None:
    """Serve on a free port, which is the first line that is printed."""
    server = await asyncio.start_server(HeldStreams().serve, LOOPBACK, 0, backlog=1024)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
