"""What a day or month will have cost at its present pace, in integers. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

TOO_EARLY_PARTS = 100
"""Until this part of the window has passed (a quarter of an hour of a day) its pace means nothing."""


@dataclass(frozen=True, slots=True)
class Projection:
    """Nano-USD at the window's end; `full_at` is when the cap is met at this pace, None when the window ends first."""

    nanos: int
    full_at: datetime | None


def projected(
    *, spent_nanos: int, held_nanos: int, cap_nanos: int | None, start_at: datetime, end_at: datetime, now: datetime
) -> Projection | None:
    """A straight line over the part that has passed, and what is held on top; None while it is too early to say."""
    whole_ms, passed_ms = _ms(end_at - start_at), _ms(now - start_at)
    if not 0 < passed_ms <= whole_ms or passed_ms * TOO_EARLY_PARTS < whole_ms:
        return None
    nanos = spent_nanos * whole_ms // passed_ms + held_nanos
    if cap_nanos is None or nanos <= cap_nanos:
        return Projection(nanos, None)
    left_nanos = max(0, cap_nanos - spent_nanos - held_nanos)
    until_full_ms = left_nanos * passed_ms // spent_nanos if spent_nanos else 0
    return Projection(nanos, now + timedelta(milliseconds=until_full_ms))


def _ms(length: timedelta) -> int:
    return length // timedelta(milliseconds=1)
