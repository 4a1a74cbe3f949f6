"""What was counted of links: sums, shares and percentiles of a stretch of time, and the shapes that draw them."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Case, CharField, Q, Sum, TextField, Value, When
from django.db.models.functions import Cast, Substr

from agents.models import LinkMinute
from agents.tools.affected import percentile_ms

HOUR = timedelta(hours=1)
SPARK_WIDTH, SPARK_HEIGHT = 60, 16


@dataclass(slots=True)
class Counted:
    """Calls of one link, or of a chain's links together. ``spread`` is {upper bound in ms: calls}."""

    calls: int = 0
    failures: int = 0
    slow: int = 0
    duration_ms: int = 0
    spread: Counter[str] = field(default_factory=Counter)
    minutes: Counter[int] = field(default_factory=Counter)

    def add(self, calls: int, failures: int, slow: int, duration_ms: int, spread: Mapping[str, int]) -> None:
        """Take one more row in."""
        self.calls += calls
        self.failures += failures
        self.slow += slow
        self.duration_ms += duration_ms
        self.spread.update(spread)

    def join(self, other: "Counted") -> None:
        """Take in what was counted of another link."""
        self.add(other.calls, other.failures, other.slow, other.duration_ms, other.spread)
        self.minutes.update(other.minutes)

    @property
    def error_share(self) -> str:
        """Failures in percent of the calls: "0 %", "<1 %", "12 %"; "" without a call."""
        return share(self.failures, self.calls)

    @property
    def p50_ms(self) -> int | None:
        return percentile_ms(self.spread, 0.5)

    @property
    def p95_ms(self) -> int | None:
        return percentile_ms(self.spread, 0.95)

    @property
    def spark(self) -> str:
        """The calls of each minute as points of a polyline, 60 wide and 16 high; "" without a call."""
        if not self.calls:
            return ""
        most = max(self.minutes.values(), default=1) or 1
        heights = [self.minutes[minute] for minute in range(SPARK_WIDTH)]
        return " ".join(
            f"{minute},{SPARK_HEIGHT - 1 - calls * (SPARK_HEIGHT - 2) // most}" for minute, calls in enumerate(heights)
        )


def share(part: int, whole: int) -> str:
    """Part of the whole in percent, rounded down, but never a nought for something; "" of nothing."""
    if not whole:
        return ""
    percent = part * 100 // whole
    return "<1 %" if part and not percent else f"{percent} %"


def last_hour(links: Iterable[str], now: datetime) -> dict[str, Counted]:
    """Each link's calls of the last sixty minutes, in one query; links without any are missing."""
    begin = _hour_before(now)
    rows = LinkMinute.objects.filter(link__in=list(links), minute_at__gte=begin).values_list(
        "link", "minute_at", "calls", "failures", "slow", "duration_ms", "spread"
    )
    found: dict[str, Counted] = {}
    for link, minute_at, calls, failures, slow, duration_ms, spread in rows:
        counted = found.setdefault(link, Counted())
        counted.add(calls, failures, slow, duration_ms, spread)
        minute = (minute_at - begin) // timedelta(minutes=1)
        counted.minutes[minute] += calls
    return found


def together(counted: Sequence[Counted | None]) -> Counted:
    """Several links as one."""
    whole = Counted()
    for each in counted:
        if each is not None:
            whole.join(each)
    return whole


@dataclass(frozen=True, slots=True)
class Bucket:
    """What was counted of a link in one stretch of the timeline; ``place`` counts stretches from its beginning."""

    place: int
    calls: int = 0
    failures: int = 0
    slow: int = 0

    def grown(self, calls: int, failures: int, slow: int) -> "Bucket":
        """With these too."""
        return Bucket(self.place, self.calls + calls, self.failures + failures, self.slow + slow)


@dataclass(frozen=True, slots=True)
class Scale:
    """How far back a timeline looks: ``stretch`` long buckets; ``characters`` of a time's text name one."""

    name: str
    words: str
    back: timedelta
    stretch: timedelta
    characters: int

    @property
    def places(self) -> int:
        return self.back // self.stretch

    def begin(self, now: datetime) -> datetime:
        """The beginning of the first bucket; the last one holds the present."""
        floor = now.replace(minute=now.minute // 10 * 10 if self.characters > 13 else 0, second=0, microsecond=0)
        return floor + self.stretch - self.back


MINUTE = "2026-11-22 10:20"
DAY = Scale("24h", "24 hours", timedelta(hours=24), timedelta(minutes=10), len("2026-11-22 10:2"))
FORTNIGHT = Scale("14d", "14 days", timedelta(days=14), timedelta(hours=1), len("2026-11-22 10"))
SCALES = {scale.name: scale for scale in (DAY, FORTNIGHT)}


@dataclass(frozen=True, slots=True)
class History:
    """What was counted of links: the last hour exactly, and the whole scale in buckets, both by link."""

    hour: Mapping[str, Counted]
    buckets: Mapping[str, list[Bucket]]


def history(links: Iterable[str], scale: Scale, now: datetime) -> History:
    """Both in one query. Older minutes are summed by the database, which keeps times as text that begins alike, in UTC.

    Those of the last hour come one by one, since their spreads can only be summed here.
    """
    begin, hour_at = scale.begin(now), _hour_before(now)
    text = Cast("minute_at", CharField())
    is_fresh = Q(minute_at__gte=hour_at)
    stretch = Case(
        When(is_fresh, then=Substr(text, 1, len(MINUTE))),
        default=Substr(text, 1, scale.characters),
        output_field=CharField(),
    )
    told = Case(When(is_fresh, then=Cast("spread", TextField())), default=Value("{}"), output_field=TextField())
    rows = (
        LinkMinute.objects.filter(link__in=list(links), minute_at__gte=begin)
        .annotate(stretch=stretch, told=told)
        .values("link", "stretch", "told")
        .annotate(all_calls=Sum("calls"), failed=Sum("failures"), late=Sum("slow"), took_ms=Sum("duration_ms"))
        .order_by("link", "stretch")
        .values_list("link", "stretch", "told", "all_calls", "failed", "late", "took_ms")
    )
    hour: dict[str, Counted] = {}
    places: dict[str, dict[int, Bucket]] = {}
    for link, moment, told_spread, calls, failures, slow, duration_ms in rows:
        at = _begin_of(moment)
        if at >= hour_at and len(moment) == len(MINUTE):
            counted = hour.setdefault(link, Counted())
            counted.add(calls, failures, slow, duration_ms, json.loads(told_spread))
            counted.minutes[(at - hour_at) // timedelta(minutes=1)] += calls
        own, place = places.setdefault(link, {}), (at - begin) // scale.stretch
        own[place] = own.get(place, Bucket(place)).grown(calls, failures, slow)
    return History(hour, {link: list(own.values()) for link, own in places.items()})


def _hour_before(now: datetime) -> datetime:
    """The first of the sixty minutes that end with the present one."""
    return now.replace(second=0, microsecond=0) - timedelta(minutes=SPARK_WIDTH - 1)


def _begin_of(stretch: str) -> datetime:
    """The moment that the beginning of a time's text names."""
    return datetime.fromisoformat(stretch + "2000-01-01 00:00:00"[len(stretch) :] + "+00:00")
