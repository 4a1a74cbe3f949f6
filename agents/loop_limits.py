"""The limits that bind a run's loop: the agent's own, or its tier's where that is tighter."""

from agents.contracts.specs import LoopLimits
from budgets.tiers import Limits


def stricter(own: LoopLimits, tier: Limits) -> LoopLimits:
    """The agent's limits where the tier does not set tighter ones."""
    return own.model_copy(
        update={
            "max_turns": min(own.max_turns, tier.max_turns),
            "max_seconds": min(own.max_seconds, tier.max_seconds),
        }
    )
