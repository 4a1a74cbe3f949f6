"""A run in a world of doubles: one agent with a few tools, from launch to its end and through crashes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.calls import Call
from agents.contracts.endings import Ending
from agents.contracts.messages import ToolMessage
from agents.contracts.specs import AgentSpec, LoopLimits, MemoryLimits, ToolSpec
from agents.contracts.steps import ToolStep
from agents.engine import loop
from agents.engine.ports import LLMs, Ports
from agents.engine.state import RunInput, RunState
from agents.tools.define import Arguments, python_tool
from tests.agents.engine.doubles import (
    START,
    FixedPrices,
    FunctionTools,
    Log,
    ManualClock,
    MemoryJournal,
    Script,
    ScriptedLLM,
    SetHealth,
)

FIRST, SECOND, SUMMARY = "test:first", "test:second", "test:summary"


class Query(Arguments):
    """What to look up."""

    text: str
    count: int = 1


def shelf(arguments: Query, call: Call) -> JsonValue:
    """The first implementation of looking up."""
    del call
    return {"found": [{"source": f"shelf:{arguments.text}", "text": f"about {arguments.text}"}]}


def archive(arguments: Query, call: Call) -> JsonValue:
    """The second implementation of looking up."""
    del call
    return {"found": [], "from": f"archive of {arguments.text}"}


class Letter(Arguments):
    """A letter to send."""

    to: str
    text: str
    sent_at: str = ""


def post(arguments: Letter, call: Call) -> JsonValue:
    """The first way to send."""
    return {"sent_to": arguments.to, "key": call.key}


def courier(arguments: Letter, call: Call) -> JsonValue:
    """The second way to send."""
    return {"sent_to": arguments.to, "key": call.key}


LOOK_UP = python_tool("look_up", [shelf, archive], description="Look something up.", degraded_advice="Guess nothing.")
SEND = python_tool(
    "send",
    [post, courier],
    description="Send a letter.",
    effect="keyed",
    volatile=("sent_at",),
    dedupe_seconds=60,
)
SHOUT = python_tool("shout", [courier], description="Send once, without a key.", effect="unkeyed")
ASK_FIRST = python_tool("pay", [post], description="Needs a person.", effect="keyed", needs_approval=True)
USUAL_LIMITS, USUAL_MEMORY = LoopLimits(), MemoryLimits()
TOOLS: tuple[ToolSpec, ...] = (LOOK_UP, SEND, SHOUT, ASK_FIRST)


def spec_of(
    *,
    tools: tuple[ToolSpec, ...] = TOOLS,
    limits: LoopLimits = USUAL_LIMITS,
    memory: MemoryLimits = USUAL_MEMORY,
    checks: Sequence[tuple[str, Mapping[str, JsonValue]]] = (),
    summary_llm: str = "",
) -> AgentSpec:
    """An agent; its tools are those above."""
    return AgentSpec.model_validate(
        {
            "name": "tester",
            "title": "Tester",
            "purpose": "Is tested.",
            "system_prompt": "You are tested.",
            "llms": (FIRST, SECOND),
            "summary_llm": summary_llm,
            "tools": [tool.model_dump() for tool in tools],
            "checks": [{"check": name, "settings": settings} for name, settings in checks],
            "memory": memory.model_dump(),
            "limits": limits.model_dump(),
        }
    )


@dataclass
class World:
    """All ports of one run; ``start`` works on it as a worker does, also again after a crash."""

    script: Script
    spec: AgentSpec = field(default_factory=spec_of)
    at_cap: str = "stop"
    task: str = "Find out about tea."
    cheaper_llm: str = ""
    epoch: int = 0
    leaving: bool = False

    def __post_init__(self) -> None:
        self.log: Log = []
        self.clock = ManualClock()
        self.llm = ScriptedLLM(self.clock, self.log, list(self.script))
        self.llms: LLMs = self.llm
        self.tools = FunctionTools(self.clock, self.log)
        self.journal = MemoryJournal(self.clock, self.log)
        self.health = SetHealth()
        self.prices = FixedPrices()

    def fresh(self) -> RunState:
        """The state as its recorded steps give it."""
        given = RunInput(
            run_id="run",
            tenant="acme",
            spec=self.spec,
            llms=self.spec.llms,
            limits=self.spec.limits,
            task=self.task,
            at_cap=self.at_cap,
            started_at=START,
            cheaper_llm=self.cheaper_llm,
        )
        state = RunState(given)
        state.replay(self.journal.steps)
        return state

    def start(self) -> Ending:
        """Work on the run as the next holder of its lease."""
        self.epoch += 1
        self.journal.take_over({tool.name for tool in self.spec.tools if tool.effect == "keyed"})
        self.state = self.fresh()
        return loop.run(self.state, self.ports(), epoch=self.epoch, cost_nanos=self.journal.cost_nanos)

    def ports(self) -> Ports:
        """The doubles in their places."""
        return Ports(
            journal=self.journal,
            llms=self.llms,
            prices=self.prices,
            tools=self.tools,
            health=self.health,
            memory=self.journal,
            clock=self.clock,
            on_text=self.heard,
            leaving=lambda: self.leaving,
        )

    def heard(self, text: str) -> None:
        """What the LLM says as it says it."""
        self.log.append(("text", text))

    def charges(self) -> list[JsonObject]:
        """What was booked, in order."""
        return [event.data for event in self.journal.kinds("charge.booked")]

    @property
    def results(self) -> list[ToolMessage]:
        """What the LLM was told of its calls, in order."""
        return [step.output.result for step in self.journal.steps if isinstance(step.output, ToolStep)]

    def content(self, index: int = -1) -> dict[str, JsonValue]:
        """One result, for those that are objects."""
        content = self.results[index].content
        assert isinstance(content, dict)
        return content
