"""Agents for drills: one with a tool that only notes, and one that takes its worker down; the other one acts."""

import os
import signal

from pydantic import JsonValue

from agents.contracts.calls import Call
from agents.contracts.specs import AgentSpec
from agents.tools.define import Arguments, python_tool

LLM = "compatible:drill"


class Words(Arguments):
    """What to note."""

    text: str


async def take_note(arguments: Words, call: Call) -> JsonValue:
    """Do nothing, quickly."""
    return {"noted": arguments.text, "call": call.call_id}


async def take_down(arguments: Words, call: Call) -> JsonValue:
    """Kill the worker that this runs in, as a fault in a C library would."""
    del arguments, call
    os.kill(os.getpid(), signal.SIGKILL)
    return None


AGENT = AgentSpec(
    name="drill",
    title="Drill",
    purpose="Is interrupted.",
    system_prompt="You are interrupted.",
    llms=(LLM,),
    tools=(
        python_tool("note", [take_note], description="Note something."),
        python_tool("crash", [take_down], description="Take the worker down."),
    ),
)

ACTING_AGENT = AgentSpec(
    name="drill-sender",
    title="Drill that sends",
    purpose="Is interrupted after it acted.",
    system_prompt="You are interrupted.",
    llms=(LLM,),
    tools=(python_tool("note", [take_note], description="Send a note.", effect="unkeyed"),),
)
