"""Answers that are no draft for the critic: empty, cut off at the length limit, refused or filtered."""

from agents.contracts.endings import Ending
from agents.engine.state import RunState

EMPTY = "Your answer was empty. Answer the task, or call a tool."
CUT_OFF = "Your answer was cut off at the length limit. Answer again, complete and shorter."
REFUSED = "You did not answer. Do the part of the task that you can do, and say plainly what you leave out and why."
MOST_REFUSALS = 1


def objection(state: RunState) -> str:
    """What the LLM is told of its last answer; "" when the critic may have it."""
    if state.finish == "length":
        return CUT_OFF
    if state.finish in ("refusal", "content_filter"):
        return REFUSED
    return "" if (state.draft or "").strip() else EMPTY


def given_up(state: RunState) -> Ending | None:
    """The flagged end of a run whose LLM was told often enough; None when it goes on. The same after a crash."""
    if state.draft is None:
        return None
    if state.finish == "length" and state.cut_off > state.input.limits.max_revisions:
        return _flagged(state, f"The answer was cut off at the length limit {state.cut_off} times.")
    if state.finish in ("refusal", "content_filter") and state.refused > MOST_REFUSALS:
        said = "refused to answer" if state.finish == "refusal" else "was stopped by its vendor's content filter"
        return _flagged(state, f"The LLM {said}, {state.refused} times without an answer.")
    return None


def _flagged(state: RunState, reason: str) -> Ending:
    answer = state.best_draft or state.draft or ""
    return Ending(state="flagged", reason=reason, answer=answer, missing=tuple(sorted(state.degraded)))
