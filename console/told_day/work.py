"""Works on one run of a told day as a worker does, with the time that calls take moved instead of waited for."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random

from pydantic import JsonValue

from agents import lease, runtime
from agents.contracts.base import JsonObject
from agents.contracts.calls import Call
from agents.contracts.llms import LLMRequest, LLMResponse
from agents.contracts.specs import Implementation
from agents.edge import KillSwitch
from agents.engine.ports import Interrupted, LLMs, Ports, Tools
from agents.execution import Execution
from agents.kills import kill
from agents.models import Run
from agents.runtime import Runtime
from console.told_day.hands import Hands


@dataclass(frozen=True, slots=True)
class Mishap:
    """What befalls a run: somebody kills it in its so-manieth call to the LLM, or its worker dies in a tool's call."""

    killed_in_call: int = 0
    killed_by: str = ""
    why: str = ""
    dies_in: str = ""
    """The implementation in whose call the worker dies, when the call has been answered and nobody has heard."""
    pace: float = 1.0
    """Times as slow as others."""


UNHARMED = Mishap()


class WorkerDied(BaseException):
    """The end of a worker, as the run sees it: nothing after this is recorded."""


class ToldLLMs:
    """Asks the LLM, and lets the seconds pass that one takes."""

    def __init__(self, llms: LLMs, told: "Told") -> None:
        self._llms = llms
        self._told = told
        self._calls = 0

    def call(self, request: LLMRequest, on_text: Callable[[str], None]) -> LLMResponse:
        """As the LLMs it stands before. Raises Interrupted when this is the call in which the run is killed."""
        told, mishap = self._told, self._told.mishap
        self._calls += 1
        try:
            answer = self._llms.call(request, on_text)
        finally:
            told.hands.spend(mishap.pace * (0.4 + told.random.lognormvariate(0.3, 0.6)))
        if self._calls == mishap.killed_in_call:
            kill(run=Run.objects.get(pk=told.run_id), actor=mishap.killed_by, reason=mishap.why)
            raise Interrupted(len(answer.message.text))
        return answer


class ToldTools:
    """Calls the tool, and lets the milliseconds pass that it takes."""

    def __init__(self, tools: Tools, told: "Told") -> None:
        self._tools = tools
        self._told = told

    def invoke(self, implementation: Implementation, arguments: JsonObject, call: Call) -> JsonValue:
        """As the tools it stands before. Raises WorkerDied in the call in which that happens."""
        told = self._told
        try:
            answer = self._tools.invoke(implementation, arguments, call)
        finally:
            told.hands.spend(0.01 + told.random.lognormvariate(-2.2, 0.9))
        if implementation.name == told.mishap.dies_in:
            raise WorkerDied
        return answer


class ToldClock:
    """The engine's clock; a wait costs nobody anything."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands

    def now(self) -> datetime:
        """Where the hands stand."""
        return self._hands.now()

    def wait(self, seconds: float) -> None:
        """Move them."""
        self._hands.spend(seconds)


@dataclass(frozen=True, slots=True)
class Told:
    """One stretch of work: whose, when, and what befalls it."""

    run_id: str
    hands: Hands
    random: Random
    mishap: Mishap


class ToldExecution(Execution):
    """An execution between told LLMs, tools and clock."""

    def __init__(self, at: Runtime, run: Run, switch: KillSwitch, told: Told) -> None:
        super().__init__(at, run, switch)
        self._told = told

    def _ports(self) -> Ports:
        ports = super()._ports()
        return replace(
            ports,
            llms=ToldLLMs(ports.llms, self._told),
            tools=ToldTools(ports.tools, self._told),
            clock=ToldClock(self._told.hands),
        )


def work_on(told: Told) -> None:
    """Claim the run and work on it until it ends or waits; it began when the clock says."""
    at = runtime.current()
    Run.objects.filter(pk=told.run_id, started_at=None).update(started_at=told.hands.now())
    run = lease.claim(run_id=told.run_id, owner=at.warden.owner)
    if run is None:
        return
    switch = at.warden.watch(run.id, run.epoch)
    try:
        ToldExecution(at, run, switch, told).go()
    finally:
        at.warden.release(run.id, run.epoch)
