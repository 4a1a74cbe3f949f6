"""Day and month windows: they follow each other without gap or overlap, whatever the clocks do."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgets.periods import PeriodError, day_window, month_window, zone

# With the zones whose clocks change at midnight, skip a day, or stand at odd offsets.
ZONES = [
    "UTC",
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "America/Havana",
    "America/Asuncion",
    "America/Santiago",
    "America/St_Johns",
    "America/Goose_Bay",
    "America/Toronto",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Asia/Beirut",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Asia/Tokyo",
    "Asia/Gaza",
    "Australia/Lord_Howe",
    "Australia/Adelaide",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Atlantic/Azores",
]
instants = st.datetimes(datetime(1995, 1, 1), datetime(2037, 12, 31), timezones=st.just(UTC))


@given(instants, st.sampled_from(ZONES))
def test_an_instant_lies_in_its_day_and_the_next_day_begins_where_it_ends(at: datetime, name: str) -> None:
    tz = ZoneInfo(name)
    day = day_window(at, tz)
    assert day.start_at <= at < day.end_at
    following = day_window(day.end_at, tz)
    assert following.start_at == day.end_at
    assert following.key > day.key


@given(instants, st.sampled_from(ZONES))
def test_an_instant_lies_in_its_month_and_a_day_never_in_two(at: datetime, name: str) -> None:
    tz = ZoneInfo(name)
    day, month = day_window(at, tz), month_window(at, tz)
    assert month.start_at <= day.start_at <= at < day.end_at <= month.end_at
    assert month_window(month.end_at, tz).start_at == month.end_at
    assert day.key.startswith(month.key)


@given(instants, st.sampled_from(ZONES))
def test_every_instant_of_a_window_names_the_same_window(at: datetime, name: str) -> None:
    tz = ZoneInfo(name)
    day = day_window(at, tz)
    assert day_window(day.start_at, tz) == day == day_window(day.end_at - timedelta(microseconds=1), tz)


@pytest.mark.parametrize(
    ("name", "local", "key", "hours"),
    [
        ("Europe/Berlin", datetime(2026, 3, 29, 12), "2026-03-29", 23),
        ("Europe/Berlin", datetime(2026, 10, 25, 12), "2026-10-25", 25),
        ("Africa/Cairo", datetime(2026, 4, 24, 12), "2026-04-24", 23),
        ("Australia/Lord_Howe", datetime(2026, 10, 4, 12), "2026-10-04", 23.5),
        ("Asia/Kolkata", datetime(2026, 11, 22, 12), "2026-11-22", 24),
    ],
)
def test_a_day_is_as_long_as_the_clocks_make_it(name: str, local: datetime, key: str, hours: float) -> None:
    tz = ZoneInfo(name)
    day = day_window(local.replace(tzinfo=tz), tz)
    assert (day.key, day.end_at - day.start_at) == (key, timedelta(hours=hours))


def test_one_instant_is_two_days_in_two_zones() -> None:
    at = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    assert day_window(at, ZoneInfo("Asia/Tokyo")).key == "2026-11-23"
    assert day_window(at, ZoneInfo("America/New_York")).key == "2026-11-22"
    assert month_window(at, ZoneInfo("Asia/Tokyo")).key == "2026-11"


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(PeriodError):
        day_window(datetime(2026, 11, 22), ZoneInfo("UTC"))


@pytest.mark.parametrize("name", ["", "Mars/Base", "../etc/passwd", "Europe", "Europe/Berlin\x00", "/etc/localtime"])
def test_unknown_zones_are_refused(name: str) -> None:
    with pytest.raises(PeriodError):
        zone(name)
