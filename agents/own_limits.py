"""Whether a launch may have the limits that it asks for: below its tier's and its agent's, never above."""

from agents.admission import LaunchRefused
from agents.contracts.specs import LoopLimits
from budgets.money import format_usd
from budgets.own_limits import OwnLimits
from budgets.tiers import Limits


def check_own_limits(own: OwnLimits, *, tier: Limits, agent: LoopLimits) -> None:
    """Raises LaunchRefused at the field, with the limit that holds."""
    cap = tier.run_nanos
    if own.run_nanos is not None and own.run_nanos <= 0:
        raise LaunchRefused("cap", "A cap is more than nothing.")
    if own.run_nanos is not None and cap is not None and own.run_nanos > cap:
        raise LaunchRefused("cap", f"At most {format_usd(cap)}, the tier's limit for a run.")
    _check("turns", own.max_turns, tier.max_turns, agent.max_turns, "turns")
    _check("seconds", own.max_seconds, tier.max_seconds, agent.max_seconds, "s")


def _check(field: str, asked: int | None, tier: int, agent: int, unit: str) -> None:
    if asked is None:
        return
    if asked < 1:
        raise LaunchRefused(field, f"At least 1 {unit.removesuffix('s') or unit}.")
    if asked > min(tier, agent):
        whose = "tier" if tier <= agent else "agent"
        raise LaunchRefused(field, f"At most {min(tier, agent):,} {unit}, the {whose}'s limit.")
