"""A server as a program on this machine: messages are lines on its pipes, and it ends with whoever started it.

Like the SDK's own stdio transport, but it bounds what a server may say, hands on nothing of the worker's environment,
and leaves no process behind when the worker is killed.
"""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import anyio
from anyio.streams.memory import MemoryObjectSendStream
from mcp.client._transport import TransportStreams
from mcp.shared.message import SessionMessage
from mcp.types import jsonrpc_message_adapter

from agents.tools.mcp.flood import MESSAGE_BYTES, Allowance, Flood
from agents.tools.mcp.sending import SENDING
from agents.tools.mcp.trouble import Trouble

LEASH = Path(__file__).with_name("leash.py")
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ", "USER")
GRACE_SECONDS = 0.5
"""How long a server may take to end by itself once its input is closed."""
END_SECONDS = 2.0
CHUNK_BYTES = 64 * 1024
MOST_UNREAD_BYTES = 2 * MESSAGE_BYTES
CHATTER_BYTES, CHATTER_SECONDS = 4_096, 0.005
NOISE_KEPT = 2_000
LAST_WORDS = 300


class Broken(Exception):
    """A server that cannot be talked to any more; the message is the rest of a sentence about it."""


class Program:
    """A server's process, by way of its leash."""

    def __init__(self, process: Process, life: int) -> None:
        self.process = process
        self._life: int | None = life
        self._noise = b""
        self._listening = asyncio.ensure_future(self._listen())

    async def last_words(self) -> str:
        """The last lines of its error output once it has ended, which also say how."""
        await asyncio.wait((self._listening,), timeout=END_SECONDS)
        lines = [line.strip() for line in self._noise.decode("utf-8", "replace").split("\n")]
        return " / ".join([line for line in lines if line][-2:])[-LAST_WORDS:]

    def kill(self) -> None:
        """End its whole process group now."""
        if self._life is not None:
            os.close(self._life)
            self._life = None

    async def end(self) -> None:
        """Close its input, wait a moment for it to end by itself, and leave nothing of it behind."""
        process = self.process
        try:
            if process.stdin is not None:
                process.stdin.close()
            if self._life is not None:
                await asyncio.wait((self._listening,), timeout=GRACE_SECONDS)
        finally:
            self.kill()
        rest = asyncio.gather(process.wait(), self._listening, _drained(process.stdout))
        with suppress(TimeoutError):
            await asyncio.wait_for(rest, END_SECONDS)

    async def _listen(self) -> None:
        stream = self.process.stderr
        while stream is not None and (chunk := await stream.read(CHUNK_BYTES)):
            self._noise = (self._noise + chunk)[-NOISE_KEPT:]
            if len(chunk) > CHATTER_BYTES:  # its pipe fills and it has to wait: the loop has other things to do
                await asyncio.sleep(CHATTER_SECONDS)


async def _drained(stream: asyncio.StreamReader | None) -> None:
    while stream is not None and await stream.read(CHUNK_BYTES):
        pass


class Outgoing:
    """The SDK's write stream: a message goes onto the pipe whole, in the task of whoever sends it."""

    def __init__(self, program: Program) -> None:
        self._pipe = program.process.stdin

    async def send(self, item: SessionMessage, /) -> None:
        pipe = self._pipe
        if pipe is None or pipe.is_closing() or pipe.transport.get_write_buffer_size() > MOST_UNREAD_BYTES:
            raise anyio.BrokenResourceError
        if (sending := SENDING.get()) is not None:
            sending.sent = True
        pipe.write(json.dumps(item.message.model_dump(by_alias=True, exclude_unset=True)).encode() + b"\n")
        try:
            await pipe.drain()
        except OSError as error:
            raise anyio.BrokenResourceError from error

    async def aclose(self) -> None:
        """The program's owner closes the pipe."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


@asynccontextmanager
async def program_streams(
    command: Sequence[str], environment: Mapping[str, str], trouble: Trouble
) -> AsyncGenerator[TransportStreams]:
    """Start a server and talk to it; ``trouble`` hears why it ends.

    Raises OSError when no process can be started at all.
    """
    program = await _start(command, environment)
    incoming, read = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    reading = asyncio.create_task(_read(program, incoming, trouble))
    try:
        yield read, Outgoing(program)
    finally:
        reading.cancel()
        await asyncio.shield(program.end())
        incoming.close()
        read.close()


def own_environment() -> dict[str, str]:
    """What of the worker's environment a server is given: where things are, and nothing that is anybody's secret."""
    return {name: os.environ[name] for name in INHERITED if name in os.environ}


async def _start(command: Sequence[str], environment: Mapping[str, str]) -> Program:
    theirs, ours = os.pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-S", str(LEASH), str(theirs), *command,
            stdin=PIPE, stdout=PIPE, stderr=PIPE,
            env={**own_environment(), **environment},
            pass_fds=(theirs,), start_new_session=True, limit=CHUNK_BYTES,
        )  # fmt: skip
    except BaseException:
        os.close(ours)
        raise
    finally:
        os.close(theirs)
    return Program(process, ours)


async def _read(
    program: Program, incoming: MemoryObjectSendStream[SessionMessage | Exception], trouble: Trouble
) -> None:
    """Pass messages on until the server ends or says what nobody can bear; closing the stream tells all callers."""
    try:
        await _pass_on(program, incoming)
        trouble.tell(f"it ended: {await program.last_words()}".removesuffix(": "))
    except (Broken, Flood) as problem:
        trouble.tell(str(problem))
        program.kill()
    except (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
        trouble.tell("its pipe broke")
    finally:
        incoming.close()


async def _pass_on(program: Program, incoming: MemoryObjectSendStream[SessionMessage | Exception]) -> None:
    stream, allowance, rest = program.process.stdout, Allowance(), bytearray()
    while stream is not None and (chunk := await stream.read(CHUNK_BYTES)):
        lines = chunk.split(b"\n")
        allowance.take(messages=len(lines) - 1, size=len(chunk))
        for line in lines[:-1]:
            message = _message(bytes(rest + line))
            rest.clear()
            if message is not None:
                await incoming.send(message)
        rest += lines[-1]
        if len(rest) > MESSAGE_BYTES:
            raise Broken(f"it sent a message of more than {MESSAGE_BYTES // 1024 // 1024} MB")


def _message(line: bytes) -> SessionMessage | None:
    """The message on a line; None for a line that is none, since servers print things. Raises Broken."""
    if not line.lstrip().startswith(b"{") or b'"jsonrpc"' not in line:
        return None
    try:
        return SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False))
    except ValueError as error:
        raise Broken("it sent a message that cannot be read") from error
