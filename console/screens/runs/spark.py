"""A line of what each minute cost, as points of a polyline. Pure."""

from collections.abc import Sequence

WIDTH, HEIGHT = 60, 16


def spark(minutes: Sequence[int]) -> str:
    """The points within WIDTH by HEIGHT, the oldest first; "" where nothing was spent."""
    most = max(minutes, default=0)
    if not most or len(minutes) < 2:
        return ""
    step = WIDTH / (len(minutes) - 1)
    room = HEIGHT - 2
    return " ".join(f"{place * step:g},{HEIGHT - 1 - nanos * room // most}" for place, nanos in enumerate(minutes))
