"""The loop guard: one call over and over, or a few in turns, is nudged, then blocked, then ends the run.

Only tool and arguments count, not what came back: whoever polls something that changes gives it a volatile argument.
"""

import hashlib
from collections.abc import Sequence
from typing import Literal

import rfc8785

from agents.contracts.base import JsonObject
from agents.contracts.specs import LoopLimits

Advice = Literal["go", "nudge", "block", "stop"]
Made = tuple[str, str]
"""A call that was made: its tool and its key."""
LONGEST_CIRCLE = 4
TRAIL = 2 * LONGEST_CIRCLE
"""As many of the last calls as it takes to notice the longest circle."""


def call_key(tool: str, version: str, arguments: JsonObject, volatile: tuple[str, ...] = ()) -> str:
    """SHA-256 over RFC 8785 JSON of tool, version and the arguments that make the call what it is.

    It is both what the guard counts and the idempotency key of an effect. Raises ValueError for numbers that
    JSON cannot carry exactly.
    """
    meaning = {name: value for name, value in arguments.items() if name not in volatile}
    return hashlib.sha256(rfc8785.dumps([tool, version, meaning])).hexdigest()


def far_end_key(run_id: str, key: str) -> str:
    """The idempotency key that an implementation passes on: the same on every attempt, another one in another run.

    Across runs our own effect rows dedupe, for as long as the tool says; after that the same refund is a new one.
    """
    return hashlib.sha256(f"{run_id}:{key}".encode()).hexdigest()


def advise(made_before: int, limits: LoopLimits, *, circling: bool = False) -> Advice:
    """What to do about a call that was already made so many times in this run; a circle counts as one time more."""
    made = made_before + circling
    if made >= limits.stop_after:
        return "stop"
    if made >= limits.block_after:
        return "block"
    return "nudge" if made >= limits.nudge_after else "go"


def circle(trail: Sequence[Made], call: Made) -> tuple[str, ...]:
    """The tools of a circle that this call closes for at least the second time, in turns; () when it closes none."""
    calls = [*trail, call][-TRAIL:]
    for length in range(2, LONGEST_CIRCLE + 1):
        last, before = calls[-length:], calls[-2 * length : -length]
        if last == before and len(set(last)) > 1:
            return tuple(tool for tool, _ in last)
    return ()
