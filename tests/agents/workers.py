"""Worker processes in miniature: a real edge, recorder and engine, and an LLM with a written script."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pydantic import JsonValue

from agents import execution, lease
from agents.bell import Ringer
from agents.contracts.calls import Call
from agents.contracts.llms import LLMRequest, LLMResponse
from agents.contracts.messages import AssistantMessage
from agents.edge import Edge, KillSwitch
from agents.recorder import Recorder
from agents.runtime import Runtime
from agents.tools.children import Children
from agents.tools.define import Arguments, python_tool
from agents.tools.health import SharedHealth
from agents.tools.mcp.call import close_sessions
from agents.warden import Warden
from agents.writing import Scribe
from budgets.pricing import Usage
from tests.agents.batches import unheard

PATIENCE_SECONDS = 60.0


@dataclass
class WrittenLLM:
    """Answers by how many answers the conversation holds; before one of them it waits at ``gate``."""

    script: list[AssistantMessage] = field(default_factory=list)
    stop_before: int = -1
    gate: threading.Event = field(default_factory=threading.Event)
    arrived: threading.Event = field(default_factory=threading.Event)
    asked: int = 0

    async def call(self, request: LLMRequest, on_text: Callable[[str], None]) -> LLMResponse:
        self.asked += 1
        number = sum(isinstance(message, AssistantMessage) for message in request.messages)
        if number == self.stop_before and not self.gate.is_set():
            on_text("Well, ")
            self.arrived.set()
            await asyncio.to_thread(self.gate.wait, PATIENCE_SECONDS)
        return LLMResponse(message=self.script[number], finish="stop", usage=Usage(100, 20), served_llm=request.llm)


@contextmanager
def worker(name: str) -> Iterator[Runtime]:
    """A worker whose warden does not look by itself."""
    edge = Edge()
    at = Runtime(
        edge=edge,
        recorder=Recorder(unheard),
        ringer=Ringer(),
        scribe=Scribe(),
        warden=Warden(name),
        health=SharedHealth(),
        children=Children(1),
    )
    edge.start()
    try:
        yield at
    finally:
        edge.run(at.children.close(), KillSwitch())
        edge.run(close_sessions(), KillSwitch())
        at.recorder.stop()
        edge.stop()
        edge.loop.close()


def take_up(at: Runtime, run_id: str) -> execution.Execution | None:
    """Claim a run for that worker."""
    run = lease.claim(run_id=run_id, owner=at.warden.owner)
    return None if run is None else execution.Execution(at, run, at.warden.watch(run.id, run.epoch))


class Letter(Arguments):
    """A letter."""

    to: str
    number: int = 0


SENT: list[str] = []


async def post(arguments: Letter, call: Call) -> JsonValue:
    """Sends, and notes the key."""
    SENT.append(call.key)
    return {"sent_to": arguments.to}


SEND = python_tool("send", [post], description="Send a letter.", effect="keyed", dedupe_seconds=60)
SHOUT = python_tool("shout", [post], description="Send without a key.", effect="unkeyed")
PAY = python_tool("pay", [post], description="Pay.", effect="keyed", needs_approval=True)
