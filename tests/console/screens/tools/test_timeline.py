"""The timeline draws what was counted and when a link was out."""

from datetime import UTC, datetime, timedelta

import pytest

from agents.models import HealthChange
from console.screens.tools.counted import DAY, FORTNIGHT, Bucket, history
from console.screens.tools.timeline import WIDTH, timeline_of
from tests.console.screens.tools.conftest import count

NOW = datetime(2026, 11, 22, 10, 7, 30, tzinfo=UTC)
LINK = "stock/live"


def change(ago: timedelta, was: str, now: str) -> HealthChange:
    return HealthChange(link=LINK, at=NOW - ago, was=was, now=now)


def test_failures_are_seen_however_few_they_are() -> None:
    lane = timeline_of([LINK], {LINK: [Bucket(0, 1000), Bucket(143, 1000, 1)]}, [], DAY, NOW).lanes[0]
    assert lane.calls_path.startswith("M0 40v-34h6v34z")
    assert lane.failed_path == f"M{143 * 7} 40v-2h6v2z"
    assert (lane.calls, lane.failures) == (2000, 1)


def test_bands_reach_from_opening_to_closing_and_from_before_to_now() -> None:
    changes = [
        change(timedelta(hours=1), "closed", "forced_open"),
        change(timedelta(hours=3), "half_open", "closed"),
        change(timedelta(hours=4), "open", "half_open"),
    ]
    first, last = timeline_of([LINK], {}, changes, DAY, NOW).lanes[0].bands
    assert (first.x, first.forced) == (0, False)
    assert last.forced
    assert last.x + last.width == pytest.approx(WIDTH, abs=8)
    assert first.width < last.x


@pytest.mark.parametrize("scale", [DAY, FORTNIGHT])
@pytest.mark.usefixtures("db")
def test_what_is_drawn_is_what_was_counted(scale: object) -> None:
    now = datetime.now(UTC)
    for ago, failures in ((timedelta(0), 1), (timedelta(minutes=30), 0), (timedelta(hours=5), 2)):
        count(LINK, calls=10, failures=failures, ago=ago, ms50=9, ms300=1)
    found = history([LINK], DAY if scale is DAY else FORTNIGHT, now)
    assert sum(bucket.calls for bucket in found.buckets[LINK]) == 30
    assert sum(bucket.failures for bucket in found.buckets[LINK]) == 3
    assert (found.hour[LINK].calls, found.hour[LINK].failures) == (20, 1)
    assert sum(found.hour[LINK].minutes.values()) == 20
