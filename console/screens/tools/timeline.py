"""The timeline of a chain as shapes: a lane a link, bars of calls and failures, and bands where it was out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from agents.models import HealthChange
from console.screens.tools.counted import Bucket, Scale

WIDTH, HEIGHT = 1008, 40
HEADROOM = 6
"""Above the highest bar, where it shows that the link was out."""
TICKS = 4
OUT = frozenset({"open", "half_open", "forced_open"})


@dataclass(frozen=True, slots=True)
class Band:
    """When a link was out; ``forced``: by a person's word."""

    x: int
    width: int
    forced: bool


@dataclass(frozen=True, slots=True)
class Lane:
    """One link's lane. ``calls_path`` and ``failed_path`` draw all its bars at once: a page has a thousand of them."""

    name: str
    calls_path: str
    failed_path: str
    bands: tuple[Band, ...]
    calls: int
    failures: int
    most: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """All lanes on one scale; ``ticks`` are moments along it, the first at its beginning."""

    lanes: tuple[Lane, ...]
    ticks: tuple[datetime, ...]
    begin_at: datetime
    end_at: datetime

    @property
    def calls(self) -> int:
        return sum(lane.calls for lane in self.lanes)


def timeline_of(
    links: Sequence[str],
    found: Mapping[str, Sequence[Bucket]],
    changes: Sequence[HealthChange],
    scale: Scale,
    now: datetime,
) -> Timeline:
    """The lanes of these links; ``changes`` are theirs on this scale, the newest first."""
    begin = scale.begin(now)
    most = max((bucket.calls for row in found.values() for bucket in row), default=0)
    lanes = []
    for link in links:
        own = found.get(link, [])
        bands = _bands([change for change in reversed(changes) if change.link == link], scale, begin, now)
        lanes.append(
            Lane(
                name=link.partition("/")[2],
                calls_path="".join(_bar(each, scale, _height(each, most)) for each in own if each.calls),
                failed_path="".join(_bar(each, scale, _failed(each, most)) for each in own if each.failures),
                bands=tuple(bands),
                calls=sum(bucket.calls for bucket in own),
                failures=sum(bucket.failures for bucket in own),
                most=most,
            )
        )
    ticks = tuple(begin + scale.back * tick / TICKS for tick in range(TICKS))
    return Timeline(tuple(lanes), ticks, begin, begin + scale.back)


def _height(bucket: Bucket, most: int) -> int:
    """At least what its failures need to be seen."""
    return max(1, bucket.calls * (HEIGHT - HEADROOM) // most, 2 if bucket.failures else 0)


def _failed(bucket: Bucket, most: int) -> int:
    return max(2, bucket.failures * _height(bucket, most) // max(1, bucket.calls))


def _bar(bucket: Bucket, scale: Scale, height: int) -> str:
    """A bar from the ground as a part of an SVG path."""
    width = WIDTH // scale.places
    return f"M{bucket.place * width} {HEIGHT}v-{height}h{max(1, width - 1)}v{height}z"


def _bands(changes: Iterable[HealthChange], scale: Scale, begin: datetime, now: datetime) -> Iterable[Band]:
    """From each change that put the link out to the next that let it back in; ``changes`` in order."""
    out_at: datetime | None = None
    forced = first = False
    for change in changes:
        if not first and change.was in OUT:
            out_at, forced = begin, change.was == "forced_open"
        first = True
        if change.now in OUT and out_at is None:
            out_at, forced = change.at, change.now == "forced_open"
        elif change.now not in OUT and out_at is not None:
            yield _band(out_at, change.at, scale, begin, forced=forced)
            out_at = None
    if out_at is not None:
        yield _band(out_at, now, scale, begin, forced=forced)


def _band(from_at: datetime, to_at: datetime, scale: Scale, begin: datetime, *, forced: bool) -> Band:
    x, end = _x(from_at, scale, begin), _x(to_at, scale, begin)
    return Band(x, max(2, end - x), forced)


def _x(at: datetime, scale: Scale, begin: datetime) -> int:
    return max(0, (at - begin) // timedelta(seconds=1) * WIDTH // (scale.back // timedelta(seconds=1)))
