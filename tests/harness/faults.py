"""What a connection suffers in one direction, and the pump that makes it suffer."""

import asyncio
import random
from dataclasses import dataclass

CHUNK_BYTES = 16 * 1024
LOOK_SECONDS = 0.01
SLICES_PER_SECOND = 20


class Cut(Exception):
    """The connection is to be reset now."""


@dataclass(slots=True)
class Faults:
    """One direction's faults. Set a field at any time: the next chunk feels it."""

    delay_ms: int = 0
    jitter_ms: int = 0
    """Added to each chunk's delay, evenly between nothing and this."""
    bytes_per_second: int = 0
    """Nothing is throttled at 0."""
    swallow: bool = False
    """Half-open: everything is taken and nothing arrives."""
    stall: bool = False
    """Half-open: nothing is taken any more, so that the sender's buffers fill."""
    cut_after_bytes: int | None = None
    """Let this many bytes through, over all connections, then cut the one that sent them; once."""
    cut_at: bytes = b""
    """Cut where these bytes would pass, before them: what they answer has happened, the answer is lost."""
    cuts_left: int = 0
    """How many more connections `cut_at` cuts."""
    carried_bytes: int = 0
    """What has passed this way so far, over all connections."""

    def cut_before(self, needle: bytes, *, times: int = 1) -> None:
        """Cut the next connections that would carry these bytes."""
        self.cuts_left, self.cut_at = times, needle

    def heal(self) -> None:
        """No fault from now on."""
        self.delay_ms = self.jitter_ms = self.bytes_per_second = self.cuts_left = 0
        self.swallow = self.stall = False
        self.cut_after_bytes, self.cut_at = None, b""


class Pump:
    """Carries one connection's bytes one way, as the faults of that direction will have it."""

    def __init__(self, faults: Faults, dice: random.Random) -> None:
        self._faults = faults
        self._dice = dice
        self._tail = b""

    async def run(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """Carry until the source says that it has no more. Raises Cut, or the connection's own error."""
        while chunk := await self._read(source):
            await self._wait()
            passes, cut = self._judge(chunk)
            await self._write(sink, passes)
            if cut:
                raise Cut
        if sink.can_write_eof():
            sink.write_eof()

    async def _read(self, source: asyncio.StreamReader) -> bytes:
        while self._faults.stall:
            await asyncio.sleep(LOOK_SECONDS)
        return await source.read(CHUNK_BYTES)

    async def _wait(self) -> None:
        delay_ms = self._faults.delay_ms + self._dice.random() * self._faults.jitter_ms
        if delay_ms:
            await asyncio.sleep(delay_ms / 1000)
        while self._faults.stall:  # it came between two looks
            await asyncio.sleep(LOOK_SECONDS)

    def _judge(self, chunk: bytes) -> tuple[bytes, bool]:
        """What of a chunk passes, and whether the connection is cut behind it."""
        faults = self._faults
        if faults.swallow:
            return b"", False
        if faults.cut_after_bytes is not None:
            if len(chunk) >= faults.cut_after_bytes:
                passes, faults.cut_after_bytes = chunk[: faults.cut_after_bytes], None
                return passes, True
            faults.cut_after_bytes -= len(chunk)
        return self._judge_words(chunk)

    def _judge_words(self, chunk: bytes) -> tuple[bytes, bool]:
        """The words may lie across two chunks: a tail of the last one is looked at again."""
        faults = self._faults
        if not faults.cuts_left:
            self._tail = b""
            return chunk, False
        seen = self._tail + chunk
        found = seen.find(faults.cut_at)
        if found >= 0:
            faults.cuts_left -= 1
            return seen[len(self._tail) : found], True
        self._tail = seen[len(seen) - len(faults.cut_at) + 1 :] if len(faults.cut_at) > 1 else b""
        return chunk, False

    async def _write(self, sink: asyncio.StreamWriter, data: bytes) -> None:
        speed = self._faults.bytes_per_second
        size = max(1, speed // SLICES_PER_SECOND) if speed else max(1, len(data))
        for begin in range(0, len(data), size):
            piece = data[begin : begin + size]
            sink.write(piece)
            self._faults.carried_bytes += len(piece)
            await sink.drain()
            if speed:
                await asyncio.sleep(len(piece) / speed)
