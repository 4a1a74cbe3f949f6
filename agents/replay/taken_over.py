"""The steps that a fork takes over from its parent, checked, and those of them that are rewritten."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from agents.checkpoints import recorded_steps
from agents.contracts.base import JsonObject
from agents.contracts.messages import ToolCall
from agents.contracts.specs import AgentSpec
from agents.contracts.steps import LLMStep, RouteStep, Step
from agents.contracts.upcast import CheckpointError
from agents.engine.state import RunInput, RunState
from agents.models import Run
from agents.replay.standing import over
from agents.run_input import input_of
from agents.tools import boundary
from budgets import clock


class ForkRefused(Exception):
    """A retry or fork that cannot be: the field it is about, and one sentence for people. Nothing was made."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


@dataclass(frozen=True, slots=True)
class Changes:
    """What a fork does otherwise; ``arguments`` by call id, for calls of the last step that is taken over."""

    llm: str = ""
    system_prompt: str | None = None
    arguments: Mapping[str, JsonObject] = field(default_factory=dict)


@dataclass(slots=True)
class TakenOver:
    """How far the parent's steps go into the fork, the turn they reach, and the steps that are not plain copies."""

    steps: int = 0
    turn: int = 0
    rewritten: list[Step] = field(default_factory=list)


def take_over(run: Run, step: int, changes: Changes) -> TakenOver:
    """Read the first steps of a run and see that a new one can go on from there. Raises ForkRefused."""
    if step < 0:
        raise ForkRefused("step", "Steps are numbered from 1; 0 is the start.")
    if not step and changes.arguments:
        raise ForkRefused("arguments", "No call has been made at the start, so that none can have other arguments.")
    given = input_of(run, started_at=clock.now())
    try:
        return _read(given, recorded_steps(run, up_to=step), changes, last=step)
    except CheckpointError as error:
        raise ForkRefused("step", str(error)) from error


def _read(given: RunInput, steps: Iterable[Step], changes: Changes, *, last: int) -> TakenOver:
    state, taken = RunState(given), TakenOver()
    for step in steps:
        own = _rerouted(step, changes.llm) if changes.llm else step
        own = _with_arguments(own, changes.arguments, given.spec) if step.number == last else own
        if own is not step:
            taken.rewritten.append(own)
        state.apply(own)
    if over(state):
        raise ForkRefused(
            "step", f"After step {last} nothing is left to do: the run would end at once. Go back further."
        )
    taken.steps, taken.turn = state.steps, state.turn
    return taken


def _rerouted(step: Step, llm: str) -> Step:
    """A run that had to go on with a cheaper LLM goes on with the chosen one instead."""
    if not isinstance(step.output, RouteStep):
        return step
    return step.model_copy(update={"output": RouteStep(llm=llm)})


def _with_arguments(step: Step, arguments: Mapping[str, JsonObject], spec: AgentSpec) -> Step:
    """The step with its calls as they shall be made; what a vendor signed of the old ones is left out."""
    if not arguments:
        return step
    answer = step.output
    calls = answer.message.calls if isinstance(answer, LLMStep) else ()
    known = {call.call_id for call in calls}
    for call_id in arguments:
        if call_id not in known:
            raise ForkRefused("arguments", f"Step {step.number} asks for no call {call_id[:80]}.")
    if not isinstance(answer, LLMStep):
        return step
    changed = tuple(_call(call, arguments[call.call_id], spec) if call.call_id in arguments else call for call in calls)
    message = answer.message.model_copy(update={"calls": changed, "vendor_state": None})
    return step.model_copy(update={"output": answer.model_copy(update={"message": message})})


def _call(call: ToolCall, arguments: JsonObject, spec: AgentSpec) -> ToolCall:
    """The call with other arguments. Raises ForkRefused where the tool would not take them."""
    own = call.model_copy(update={"arguments": arguments, "arguments_raw": ""})
    try:
        tool = boundary.find(call.name, {tool.name: tool for tool in spec.tools})
        boundary.validate(tool, own)
    except boundary.Rejected as rejected:
        problems = "; ".join(f"{found['path']}: {found['problem']}" for found in rejected.fields)
        raise ForkRefused(
            "arguments", f"{call.name} refuses these arguments. {problems or rejected.hint}"
        ) from rejected
    return own
