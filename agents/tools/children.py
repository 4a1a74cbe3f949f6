"""The parent's side of blocking tools: a few child processes, reused, and killed when a call is cut or late."""

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process

from agents.contracts.base import JsonObject
from agents.tools.output import MOST_BYTES

MOST_CHILDREN = 4
LONGEST_ANSWER_BYTES = 7 * MOST_BYTES
"""A child keeps no more than ``MOST_BYTES``; JSON may write a byte as six characters."""


class ChildDied(Exception):
    """The child ended without an answer."""


class Children:
    """A pool that belongs to one event loop."""

    def __init__(self, size: int = MOST_CHILDREN) -> None:
        self._free = asyncio.Semaphore(size)
        self._idle: list[Process] = []

    async def call(self, request: JsonObject, timeout_seconds: float) -> JsonObject:
        """One call in a child. Raises TimeoutError or ChildDied; cancelled or late, the child is killed."""
        async with self._free:
            child = self._take() or await _start()
            try:
                async with asyncio.timeout(timeout_seconds):
                    answer = await _exchange(child, request)
            except BaseException:
                await _kill(child)
                raise
            if "cut" in answer:  # it has held a very large output, and would go on holding its memory
                await _kill(child)
            else:
                self._idle.append(child)
            return answer

    async def close(self) -> None:
        """End all idle children."""
        while self._idle:
            await _kill(self._idle.pop())

    def _take(self) -> Process | None:
        while self._idle:
            child = self._idle.pop()
            if child.returncode is None:
                return child
        return None


async def _start() -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "agents.tools.child", stdin=PIPE, stdout=PIPE, stderr=DEVNULL, limit=LONGEST_ANSWER_BYTES
    )


async def _exchange(child: Process, request: JsonObject) -> JsonObject:
    if child.stdin is None or child.stdout is None:
        raise ChildDied("the child has no pipes")
    try:
        child.stdin.write(json.dumps(request).encode() + b"\n")
        await child.stdin.drain()
        line = await child.stdout.readline()
        if not line.endswith(b"\n"):
            raise ChildDied("the child ended without an answer")
        answer: JsonObject = json.loads(line)
    except (ConnectionError, ValueError, RecursionError) as error:
        raise ChildDied(str(error)) from error
    return answer


async def _kill(child: Process) -> None:
    if child.returncode is None:
        child.kill()
    await asyncio.shield(child.wait())
