"""The last hour's burn as shapes: a bar a minute, and behind them the band of what is normal. Pure."""

from dataclasses import dataclass
from datetime import timedelta

from console.screens.overview.money import Burn

WIDTH, HEIGHT = 240, 64
STEP, BAR = 4, 3
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class BandShape:
    """A part of the hour's band as a rectangle."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Chart:
    """``bars`` is a path in a drawing of 240 by 64, whose top is ``top_nanos``."""

    bars: str
    bands: tuple[BandShape, ...]
    top_nanos: int


def chart_of(burn: Burn) -> Chart:
    """The hour that ends now; where it crosses a full hour, the band changes."""
    highs = [band.high_nanos for band in (burn.before, burn.band) if band]
    top = max([*burn.minutes, *highs, 1])
    bars = "".join(_bar(number, nanos, top) for number, nanos in enumerate(burn.minutes) if nanos)
    return Chart(bars, _bands(burn, top), top)


def _bar(number: int, nanos: int, top: int) -> str:
    """Anything that was spent shows."""
    height = max(1, HEIGHT * nanos // top)
    return f"M{number * STEP} {HEIGHT}v-{height}h{BAR}v{height}z"


def _bands(burn: Burn, top: int) -> tuple[BandShape, ...]:
    turn = burn.since.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    edge = min(WIDTH, STEP * ((turn - burn.since) // MINUTE))
    parts = ((burn.before, 0, edge), (burn.band, edge, WIDTH))
    return tuple(
        _band(band.low_nanos, band.high_nanos, top, start, end) for band, start, end in parts if band and start < end
    )


def _band(low: int, high: int, top: int, start: int, end: int) -> BandShape:
    upper, lower = HEIGHT - HEIGHT * high // top, HEIGHT - HEIGHT * low // top
    return BandShape(start, upper, end - start, max(1, lower - upper))
