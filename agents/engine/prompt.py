"""What an LLM is told: the agent's instructions, what is degraded now, the thread, and the tools still offered."""

from agents.contracts.llms import ToolSchema
from agents.contracts.messages import Message, SystemMessage
from agents.engine import limitation, tokens
from agents.engine.state import RunState

READ_MORE = ToolSchema(
    name="read_more",
    description=(
        "Read on in a tool output that was too large to show whole. "
        "Give the handle from that output and the character offset to start at."
    ),
    parameters={
        "type": "object",
        "properties": {
            "handle": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "offset": {"type": "integer", "minimum": 0},
        },
        "required": ["handle", "offset"],
        "additionalProperties": False,
    },
)
DEGRADED = (
    "\n\nUnavailable in this run:\n{listed}\n"
    "Do not call these tools again in this run. Work with what you have, and say in your answer what it "
    "could not take into account."
)


def system_text(state: RunState) -> str:
    """The agent's instructions, with the rule for whatever is degraded."""
    text = state.input.spec.system_prompt
    if not state.degraded:
        return text
    return text + DEGRADED.format(listed="\n".join(f"- {_called(state, tool)}" for tool in limitation.missing(state)))


def _called(state: RunState, tool: str) -> str:
    """A degraded tool; why it is so was written by the tool, and stays in its result: these are our instructions."""
    what = limitation.capability(state, tool)
    return tool if what == tool else f"{tool} ({what})"


def compose(state: RunState) -> tuple[Message, ...]:
    """The whole prompt of the next turn."""
    return (SystemMessage(text=system_text(state)), *state.thread)


def estimated_tokens(state: RunState) -> int:
    """Tokens of the next prompt by our own count, before calibration."""
    fixed = tokens.of_message(SystemMessage(text=system_text(state)))
    return fixed + sum(state.counts) + _tokens_of_tools(state)


def _tokens_of_tools(state: RunState) -> int:
    """Counted once for each set of offered tools, since schemas do not change within a run."""
    withdrawn = frozenset(state.withdrawn)
    if withdrawn not in state.tool_counts:
        state.tool_counts[withdrawn] = tokens.of_tools(tool_schemas(state))
    return state.tool_counts[withdrawn]


def tool_schemas(state: RunState) -> tuple[ToolSchema, ...]:
    """The tools offered in the next turn: all of the agent's but the withdrawn ones."""
    withdrawn = state.withdrawn
    offered = tuple(
        ToolSchema(name=tool.name, description=tool.description, parameters=tool.parameters)
        for tool in state.input.spec.tools
        if tool.name not in withdrawn
    )
    return (*offered, READ_MORE) if offered else ()
