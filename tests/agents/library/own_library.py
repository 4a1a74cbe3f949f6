"""Who is on call: an agent of one's own."""

from pydantic import Field, JsonValue

from agents.contracts.calls import Call, ToolRefusal
from agents.contracts.specs import AgentSpec
from agents.tools.define import Arguments, python_tool

SHIFTS = {"monday": "Ada", "tuesday": "Bilal"}


class Shift(Arguments):
    day: str = Field(min_length=3, description="A day of the week, such as monday.")


def on_call(arguments: Shift, _call: Call) -> JsonValue:
    if arguments.day not in SHIFTS:
        raise ToolRefusal(f"nobody is planned for {arguments.day}; planned are {', '.join(SHIFTS)}")
    return {"source": f"shifts/{arguments.day}", "text": f"{SHIFTS[arguments.day]} is on call."}


AGENTS = [
    AgentSpec(
        name="duty-desk",
        title="Duty desk",
        purpose="Says who is on call.",
        system_prompt="Say who is on call. Look it up, and cite the source like [1].",
        llms=("anthropic:claude-haiku-4-5",),
        tools=(python_tool("on_call", [on_call], description="Who is on call on a day of the week."),),
    )
]
