"""An agent of one's own that acts on the world, with a far end that can be looked at and that hangs when told to.

Used by worker processes through WATCHFLOOR_LIBRARY. The task is ``<tool> <to> [before]``: one call, then its answer.
"""

import asyncio
import json
import os
from collections import Counter
from pathlib import Path

from pydantic import JsonValue

from agents.contracts.calls import Call
from agents.contracts.llms import ToolSchema
from agents.contracts.messages import AssistantMessage, ToolCall, ToolMessage, UserMessage
from agents.contracts.specs import AgentSpec
from agents.llms.policy import Conversation
from agents.tools.define import Arguments, python_tool

NAME = "post-room"
LLM = f"rehearsal:{NAME}"


class FarEnd:
    """What the world has seen, in files; it stands still in the middle of a call while ``hang`` is there."""

    def __init__(self, folder: Path) -> None:
        self.received, self.arrived, self.hang = folder / "received", folder / "arrived", folder / "hang"

    def lines(self, to: str) -> list[str]:
        """The keys of all calls that it has acted on for somebody, as often as it has."""
        return self._keys(self.received, to)

    def came(self, to: str) -> int:
        """How many calls have come for somebody, acted on or not."""
        return len(self._keys(self.arrived, to))

    def happened(self, to: str) -> Counter[str]:
        """What has happened for somebody, when it dedupes by key."""
        return Counter(set(self.lines(to)))

    def _keys(self, file: Path, to: str) -> list[str]:
        if not file.exists():
            return []
        rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
        return [key for who, key in rows if who == to]


def write(file: Path, to: str, key: str) -> None:
    """One line, whole, whoever else writes."""
    with file.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps([to, key]) + "\n")


class Letter(Arguments):
    """A letter. ``before``: the far end hangs before it acts, not after."""

    to: str
    before: bool = False


async def post(arguments: Letter, call: Call) -> JsonValue:
    """Act, and hang while told to."""
    far_end = FarEnd(Path(os.environ["WATCHFLOOR_VAR"]))
    write(far_end.arrived, arguments.to, call.key)
    if arguments.before:
        await hang(far_end)
    write(far_end.received, arguments.to, call.key)
    if not arguments.before:
        await hang(far_end)
    return {"sent_to": arguments.to}


async def hang(far_end: FarEnd) -> None:
    """Stand still for as long as it is told to."""
    while far_end.hang.exists():
        await asyncio.sleep(0.02)


def policy(conversation: Conversation, tools: tuple[ToolSchema, ...]) -> AssistantMessage:
    """Call the tool that the task names, then repeat what it said."""
    del tools
    results = [message for message in conversation if isinstance(message, ToolMessage)]
    if results:
        return AssistantMessage(text=f"It said: {json.dumps(results[-1].content, sort_keys=True)}")
    task = next(message.text for message in conversation if isinstance(message, UserMessage))
    tool, to, *more = task.split()
    call = ToolCall(call_id="c1", name=tool, arguments={"to": to, "before": bool(more)})
    return AssistantMessage(text="I write.", calls=(call,))


POLICIES = {NAME: policy}
AGENTS = [
    AgentSpec(
        name=NAME,
        title="Post room",
        purpose="Writes letters.",
        system_prompt="You write letters.",
        llms=(LLM,),
        tools=(
            python_tool("shout", [post], description="No key goes out.", effect="unkeyed", timeout_seconds=120),
            python_tool("send", [post], description="A key goes out.", effect="keyed", timeout_seconds=120),
            python_tool("share", [post], description="Once a tenant.", effect="keyed", dedupe_seconds=600),
        ),
    )
]
