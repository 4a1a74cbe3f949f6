"""The runs that spend fastest now, with how long their caps still last. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from console.screens.overview.live_runs import SeenRun
from console.screens.overview.money import pace_of, until_cap

SHOWN = 6
SPARK_WIDTH, SPARK_HEIGHT = 60, 16


@dataclass(frozen=True, slots=True)
class Burner:
    """A run, its nano-USD a minute of late and in each of ``minutes``; at that pace it meets its cap at ``cap_at``."""

    run: SeenRun
    pace_nanos: int
    left: timedelta | None
    cap_at: datetime | None
    minutes: Sequence[int]

    @property
    def spark(self) -> str:
        """Its minutes as a line."""
        return spark_of(self.minutes)


def burners_of(paced: Iterable[Burner], *, most: int = SHOWN) -> list[Burner]:
    """The fastest first; runs at work that have spent nothing of late are none."""
    burning = [each for each in paced if each.pace_nanos]
    return sorted(burning, key=lambda each: (-each.pace_nanos, each.run.id))[:most]


def burner_of(run: SeenRun, minutes: Sequence[int], now: datetime) -> Burner:
    """One run, by what it spent in each of the last minutes."""
    pace = pace_of(minutes)
    left = until_cap(cost_nanos=run.cost_nanos, cap_nanos=run.cap_nanos, pace_nanos=pace)
    return Burner(run, pace, left, None if left is None else now + left, minutes)


def spark_of(minutes: Sequence[int]) -> str:
    """The minutes as points of a polyline, 60 wide and 16 high; "" when all are empty."""
    most = max(minutes, default=0)
    if not most:
        return ""
    step = SPARK_WIDTH / max(1, len(minutes) - 1)
    high = SPARK_HEIGHT - 2
    points = [(number * step, 1 + high - high * nanos // most) for number, nanos in enumerate(minutes)]
    return " ".join(f"{x:.1f},{y}" for x, y in points)
