"""A projection is a straight line, with what is held on top, and none where it would mean nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from console.screens.budgets.projection import Projection, projected

START = datetime(2026, 11, 22, tzinfo=UTC)
DAY = timedelta(days=1)
USD = 10**9


def at(hours: float, *, spent: int = 6 * USD, held: int = 0, cap: int | None = None) -> Projection | None:
    """The projection so many hours into the day."""
    now = START + timedelta(hours=hours)
    return projected(spent_nanos=spent, held_nanos=held, cap_nanos=cap, start_at=START, end_at=START + DAY, now=now)


def test_half_a_day_doubles_what_was_spent_and_adds_what_is_held() -> None:
    assert at(12, held=USD) == Projection(13 * USD, None)


def test_the_cap_is_met_when_what_is_left_is_spent_at_this_pace() -> None:
    assert at(12, cap=9 * USD) == Projection(12 * USD, START + timedelta(hours=18))


def test_what_is_held_brings_the_cap_nearer() -> None:
    found = at(12, held=USD, cap=9 * USD)
    assert found is not None
    assert found.full_at == START + timedelta(hours=16)


def test_a_cap_that_is_met_is_met_now() -> None:
    found = at(12, cap=USD)
    assert found is not None
    assert found.full_at == START + timedelta(hours=12)


@pytest.mark.parametrize("hours", [0, 0.1, 0.23, 25])
def test_the_first_minutes_and_a_day_that_is_over_are_not_projected(hours: float) -> None:
    assert at(hours) is None


def test_money_that_is_only_held_meets_no_cap_later() -> None:
    assert at(12, spent=0, held=2 * USD, cap=USD) == Projection(2 * USD, START + timedelta(hours=12))
