"""The agent of the soak: it sends to the far end, by keyed and unkeyed tools, exactly what its task lists."""

import json
import os
import urllib.request

from pydantic import Field, JsonValue

from agents.contracts.calls import IDEMPOTENCY_HEADER, Call
from agents.contracts.llms import ToolSchema
from agents.contracts.messages import AssistantMessage, Message, ToolCall, ToolMessage, UserMessage
from agents.contracts.specs import AgentSpec
from agents.tools.define import Arguments, python_tool

NAME = "soak"
SENDS = ("keyed", "unkeyed", "approved")
FAR_END = "WATCHFLOOR_SOAK_FAR_END"


class Sent(Arguments):
    number: int = Field(ge=0)


def send_keyed(arguments: Sent, call: Call) -> JsonValue:
    """Send under the call's key."""
    return _send("keyed", arguments, call)


def send_unkeyed(arguments: Sent, call: Call) -> JsonValue:
    """Send to a far end that keeps no keys."""
    return _send("unkeyed", arguments, call)


def send_approved(arguments: Sent, call: Call) -> JsonValue:
    """Send what a person has approved, to a far end that keeps no keys."""
    return _send("approved", arguments, call)


def _send(kind: str, arguments: Sent, call: Call) -> JsonValue:
    body = {"kind": kind, "run": call.run_id, "call": call.call_id, "number": arguments.number}
    headers = {IDEMPOTENCY_HEADER: call.key, "Content-Type": "application/json"}
    request = urllib.request.Request(os.environ[FAR_END], json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=15) as answer:
        found: JsonValue = json.load(answer)
        return found


def policy(messages: tuple[Message, ...], tools: tuple[ToolSchema, ...]) -> AssistantMessage:
    """The next call that the task lists ("send: keyed unkeyed"), whatever became of those before it."""
    del tools
    task = next(message.text for message in messages if isinstance(message, UserMessage))
    wanted = task.rpartition(":")[2].split()
    done = sum(isinstance(message, ToolMessage) for message in messages)
    if done == len(wanted):
        return AssistantMessage(text=f"All {done} were sent, or it is known what became of them.")
    call = ToolCall(call_id=f"call_{done + 1}", name=f"send_{wanted[done]}", arguments={"number": done})
    return AssistantMessage(calls=(call,))


POLICIES = {NAME: policy}
AGENTS = [
    AgentSpec(
        name=NAME,
        title="Soak",
        purpose="Sends what its task lists.",
        system_prompt="You send what the task lists.",
        llms=(f"rehearsal:{NAME}",),
        tools=(
            python_tool("send_keyed", [send_keyed], description="Send with a key.", effect="keyed"),
            python_tool("send_unkeyed", [send_unkeyed], description="Send without.", effect="unkeyed"),
            python_tool(
                "send_approved",
                [send_approved],
                description="Send, once approved.",
                effect="unkeyed",
                needs_approval=True,
            ),
        ),
    )
]
