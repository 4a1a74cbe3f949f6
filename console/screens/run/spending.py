"""How fast a run spends and when it meets its cap, in integers. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from budgets.money import format_usd
from console.live.figures import NONE, age

ENOUGH_TIME = timedelta(seconds=5)
"""Younger runs have a rate that means nothing."""

MILLISECOND = timedelta(milliseconds=1)

FAR_OFF = timedelta(hours=1)
"""A cap further away than this is no news."""

NEAR, VERY_NEAR = timedelta(minutes=10), timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Pace:
    """Nano-USD a minute since the start, and the time until the cap at that pace (None: no cap)."""

    nanos_per_minute: int
    until_cap: timedelta | None


def pace(*, cost_nanos: int, cap_nanos: int | None, started_at: datetime, now: datetime) -> Pace | None:
    """None while there is nothing to go by."""
    elapsed = now - started_at
    if elapsed < ENOUGH_TIME or cost_nanos <= 0:
        return None
    elapsed_ms = elapsed // MILLISECOND
    if cap_nanos is None:
        return Pace(cost_nanos * 60_000 // elapsed_ms, None)
    left = max(0, cap_nanos - cost_nanos)
    return Pace(cost_nanos * 60_000 // elapsed_ms, timedelta(milliseconds=left * elapsed_ms // cost_nanos))


def pace_text(found: Pace | None) -> str:
    """The pace in words, such as "cap in 48s at $0.47/min"; empty when there is none."""
    if found is None:
        return ""
    rate = f"{format_usd(found.nanos_per_minute)}/min"
    if found.until_cap is None or found.until_cap > FAR_OFF:
        return f"at {rate}"
    return f"cap in {age(int(found.until_cap.total_seconds()))} at {rate}"


def rate_text(found: Pace | None) -> str:
    """The pace as a figure of a column in $/min; a dash when there is none."""
    return NONE if found is None else format_usd(found.nanos_per_minute)


def left_text(found: Pace | None) -> str:
    """The time to the cap as a figure of a column; "1 h +" when it is no news, a dash when there is none."""
    if found is None or found.until_cap is None:
        return NONE
    return "1 h +" if found.until_cap > FAR_OFF else age(int(found.until_cap.total_seconds()))


def left_tone(found: Pace | None) -> str:
    """Bad within two minutes of the cap, a warning within ten."""
    if found is None or found.until_cap is None or found.until_cap > NEAR:
        return "dim"
    return "bad" if found.until_cap <= VERY_NEAR else "warn"
