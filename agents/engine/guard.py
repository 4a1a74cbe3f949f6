"""The loop guard: one call, over and over, is nudged, then blocked, then ends the run."""

import hashlib
from typing import Literal

import rfc8785

from agents.contracts.base import JsonObject
from agents.contracts.specs import LoopLimits

Advice = Literal["go", "nudge", "block", "stop"]


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


def advise(made_before: int, limits: LoopLimits) -> Advice:
    """What to do about a call that was already made so many times in this run."""
    if made_before >= limits.stop_after:
        return "stop"
    if made_before >= limits.block_after:
        return "block"
    return "nudge" if made_before >= limits.nudge_after else "go"
