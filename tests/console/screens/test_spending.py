"""The pace of a run and the time to its cap."""

from datetime import UTC, datetime, timedelta

from console.screens.run.spending import Pace, pace, pace_text

START = datetime(2026, 11, 22, tzinfo=UTC)


def at(seconds: int, cost_nanos: int, cap_nanos: int | None) -> Pace | None:
    now = START + timedelta(seconds=seconds)
    return pace(cost_nanos=cost_nanos, cap_nanos=cap_nanos, started_at=START, now=now)


def test_the_time_to_the_cap_follows_from_the_pace() -> None:
    assert at(60, 500_000_000, 2_000_000_000) == Pace(500_000_000, timedelta(seconds=180))
    assert pace_text(at(60, 500_000_000, 2_000_000_000)) == "cap in 3m 00s at $0.50/min"


def test_past_the_cap_no_time_is_left() -> None:
    assert at(60, 3, 2) == Pace(3, timedelta(0))


def test_a_cap_far_off_is_not_mentioned() -> None:
    assert pace_text(at(60, 1_000_000, 5_000_000_000)) == "at $0.001/min"


def test_without_a_cap_only_the_rate_is_said() -> None:
    assert pace_text(at(60, 1_000_000, None)) == "at $0.001/min"


def test_young_or_free_runs_have_no_pace() -> None:
    assert at(1, 5, 10) is None
    assert at(60, 0, 10) is None
    assert pace_text(None) == ""
