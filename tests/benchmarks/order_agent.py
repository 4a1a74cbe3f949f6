"""The agent of the benchmark, in the product's own terms: a scripted LLM and one keyed tool."""

from pydantic import Field, JsonValue

from agents.contracts.calls import Call
from agents.contracts.specs import AgentSpec, LoopLimits, MemoryLimits
from agents.tools.define import Arguments, python_tool
from tests.benchmarks.peers.turn_clock import TOOL_NAME, order_text

NAME = "bench-orders"


class Order(Arguments):
    order: int = Field(ge=1)


async def lookup_order(arguments: Order, call: Call) -> JsonValue:
    """Look an order up; declared as a keyed effect, so that every turn has an effect row."""
    del call
    return order_text(arguments.order)


AGENTS = [
    AgentSpec(
        name=NAME,
        title="Benchmark",
        purpose="Looks orders up, for the benchmark.",
        system_prompt="",
        llms=(f"scripted:{NAME}",),
        tools=(python_tool(TOOL_NAME, [lookup_order], description="Look an order up.", effect="keyed"),),
        memory=MemoryLimits(hard_tokens=10**9, soft_tokens=10**9),
        limits=LoopLimits(max_turns=100_000, max_seconds=100_000),
    )
]
