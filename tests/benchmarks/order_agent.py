"""The agent of the benchmark, in the product's own terms: one keyed tool, a rehearsal policy without delay."""

from pydantic import Field, JsonValue

from agents.contracts.calls import Call
from agents.contracts.llms import ToolSchema
from agents.contracts.messages import AssistantMessage, Message, ToolCall, ToolMessage
from agents.contracts.specs import AgentSpec, LoopLimits, MemoryLimits
from agents.tools.define import Arguments, python_tool
from tests.benchmarks.peers.turn_clock import ANSWER, TOOL_NAME, order_text

NAME = "bench-orders"


class Order(Arguments):
    order: int = Field(ge=1)


async def lookup_order(arguments: Order, call: Call) -> JsonValue:
    """Look an order up; declared as a keyed effect, so that every turn has an effect row."""
    del call
    return order_text(arguments.order)


def policy(conversation: tuple[Message, ...], tools: tuple[ToolSchema, ...]) -> AssistantMessage:
    """One tool call a turn, as often as the task says, then the answer."""
    del tools
    task = next(message.text for message in conversation if message.role == "user")
    done = sum(isinstance(message, ToolMessage) for message in conversation)
    if done == int(task):
        return AssistantMessage(text=ANSWER)
    return AssistantMessage(calls=(ToolCall(call_id=f"call_{done}", name=TOOL_NAME, arguments={"order": 1001 + done}),))


AGENTS = [
    AgentSpec(
        name=NAME,
        title="Benchmark",
        purpose="Looks orders up, for the benchmark.",
        system_prompt="",
        llms=(f"rehearsal:{NAME}",),
        tools=(python_tool(TOOL_NAME, [lookup_order], description="Look an order up.", effect="keyed"),),
        memory=MemoryLimits(hard_tokens=10**9, soft_tokens=10**9),
        limits=LoopLimits(max_turns=100_000, max_seconds=100_000),
    )
]
POLICIES = {NAME: policy}
