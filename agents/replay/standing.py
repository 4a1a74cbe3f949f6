"""Where a run stood after each of its steps, and from which of them it is worth going on."""

from collections.abc import Iterable

from agents.contracts.endings import RunState as State
from agents.contracts.steps import Step
from agents.engine.finishes import given_up
from agents.engine.guard import advise, call_key
from agents.engine.state import RunInput, RunState

FROM_A_STEP: frozenset[State] = frozenset({"failed", "dead", "killed", "flagged"})
"""Ended without what was asked for: whoever retries such a run may keep what went well."""


def over(state: RunState) -> bool:
    """Whether a run that stands here ends at once, whatever the LLM would say."""
    verdict = state.verdict
    if verdict is None:
        return given_up(state) is not None
    return verdict.accepted or state.revisions > state.input.limits.max_revisions


def last_good_step(given: RunInput, steps: Iterable[Step]) -> int:
    """The newest step after which an LLM or a tool has the word, within the limits of the loop; 0 when there is none.

    After it the run may go another way. Where a draft waits for the critic, where a call is made too often or where
    the turns are used up, it would only end once more as it did.
    """
    state, good = RunState(given), 0
    for step in steps:
        state.apply(step)
        if state.draft is None and not over(state) and _has_a_turn(state) and not _runs_away(state):
            good = step.number
    return good


def _has_a_turn(state: RunState) -> bool:
    return state.turn < state.input.limits.max_turns


def _runs_away(state: RunState) -> bool:
    """Whether a call that is next was made so often that it ends the run."""
    tools = {tool.name: tool for tool in state.input.spec.tools}
    for call in state.pending:
        tool = tools.get(call.name)
        if tool is None or call.arguments is None:
            continue
        try:
            key = call_key(tool.name, tool.version, call.arguments, tool.volatile)
        except ValueError:
            continue
        if advise(state.repeats[key], state.input.limits) == "stop":
            return True
    return False
