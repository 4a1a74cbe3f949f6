"""Counts calls of links by the minute: in memory as they end, in bulk into rows that all workers share."""

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from agents.models import HealthChange, LinkMinute, LinkTrouble
from budgets import clock

BOUNDS_MS = (
    *(1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1_000, 1_500, 2_000, 3_000, 5_000, 7_000),
    *(10_000, 15_000, 20_000, 30_000, 60_000, 120_000, 300_000, 86_400_000),
)
"""Upper bounds of the buckets of a spread: about half as much again each, so a percentile is as exact as that."""
KEPT = timedelta(days=14)
CHANGES_KEPT = timedelta(days=180)

Minute = tuple[str, datetime]


@dataclass(slots=True)
class Count:
    """Calls of one link in one minute."""

    calls: int = 0
    failures: int = 0
    slow: int = 0
    duration_ms: int = 0
    spread: Counter[str] = field(default_factory=Counter)


class Minutes:
    """What this process has counted and not yet written."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[Minute, Count] = {}

    def count(self, link: str, *, failed: bool, slow: bool, duration_ms: int) -> None:
        """One more call."""
        minute = clock.now().replace(second=0, microsecond=0)
        bound = str(BOUNDS_MS[min(bisect_left(BOUNDS_MS, duration_ms), len(BOUNDS_MS) - 1)])
        with self._lock:
            count = self._counts.setdefault((link, minute), Count())
            count.calls += 1
            count.failures += failed
            count.slow += slow
            count.duration_ms += duration_ms
            count.spread[bound] += 1

    def write(self) -> None:
        """Add it to the rows, in a few statements for any number of links; whatever cannot be written now waits."""
        with self._lock:
            counts, self._counts = self._counts, {}
        if not counts:
            return
        try:
            _add(counts)
        except BaseException:
            with self._lock:
                for key, count in self._counts.items():
                    _merge(counts.setdefault(key, Count()), count)
                self._counts = counts
            raise


def prune() -> None:
    """Drop what is older than it is kept."""
    now = clock.now()
    LinkMinute.objects.filter(minute_at__lt=now - KEPT).delete()
    LinkTrouble.objects.filter(at__lt=now - CHANGES_KEPT).delete()
    HealthChange.objects.filter(at__lt=now - CHANGES_KEPT).delete()


def _add(counts: Mapping[Minute, Count]) -> None:
    wanted = Q()
    for link, minute in counts:
        wanted |= Q(link=link, minute_at=minute)
    with transaction.atomic():
        empty = [LinkMinute(link=link, minute_at=minute) for link, minute in sorted(counts)]
        LinkMinute.objects.bulk_create(empty, ignore_conflicts=True)
        rows = list(LinkMinute.objects.select_for_update().filter(wanted).order_by("link", "minute_at"))
        for row in rows:
            count = counts[row.link, row.minute_at]
            row.calls += count.calls
            row.failures += count.failures
            row.slow += count.slow
            row.duration_ms += count.duration_ms
            row.spread = Counter(row.spread) + count.spread
        LinkMinute.objects.bulk_update(rows, ["calls", "failures", "slow", "duration_ms", "spread"])


def _merge(into: Count, more: Count) -> None:
    into.calls += more.calls
    into.failures += more.failures
    into.slow += more.slow
    into.duration_ms += more.duration_ms
    into.spread += more.spread
