"""Day and month windows in a tenant's time zone, for instants that know their zone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class PeriodError(ValueError):
    """An unknown time zone, or an instant without one."""


@dataclass(frozen=True, slots=True)
class Window:
    """The half-open interval `start_at <= instant < end_at` (both UTC), under a key that people can read."""

    key: str
    start_at: datetime
    end_at: datetime


def zone(name: str) -> ZoneInfo:
    """The IANA time zone of this name; raises `PeriodError` with a message fit for a form field."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise PeriodError(f"{name[:60]!r} is not a known time zone; write one such as Europe/Berlin.") from error


def day_window(at: datetime, tz: ZoneInfo) -> Window:
    """The calendar day of an instant; 23, 24 or 25 hours long, key such as "2026-11-22"."""
    today = _local_date(at, tz)
    return _containing(at, tz, today, _next_day, _previous_day, "%Y-%m-%d")


def month_window(at: datetime, tz: ZoneInfo) -> Window:
    """The calendar month of an instant, key such as "2026-11"."""
    first = _local_date(at, tz).replace(day=1)
    return _containing(at, tz, first, _next_month, _previous_month, "%Y-%m")


def window_named(key: str, tz: ZoneInfo) -> Window:
    """The day or month of this key in a time zone. Raises ValueError for any other text."""
    if len(key) == len("2026-11"):
        first = date.fromisoformat(f"{key}-01")
        return Window(key, _midnight(first, tz), _midnight(_next_month(first), tz))
    day = date.fromisoformat(key)
    return Window(key, _midnight(day, tz), _midnight(_next_day(day), tz))


def _local_date(at: datetime, tz: ZoneInfo) -> date:
    if at.tzinfo is None:
        raise PeriodError("an instant must know its time zone")
    return at.astimezone(tz).date()


def _containing(
    at: datetime,
    tz: ZoneInfo,
    day: date,
    later: Callable[[date], date],
    earlier: Callable[[date], date],
    key_format: str,
) -> Window:
    """The window that contains the instant, starting from the one that its local date suggests.

    They differ for minutes only, where clocks were set back or forth across midnight: there the local date
    jumps, but windows must follow each other without a gap or an overlap.
    """
    if at < _midnight(day, tz):
        day = earlier(day)
    elif at >= _midnight(later(day), tz):
        day = later(day)
    return Window(key=day.strftime(key_format), start_at=_midnight(day, tz), end_at=_midnight(later(day), tz))


def _midnight(day: date, tz: ZoneInfo) -> datetime:
    """The instant at which a local day starts: the first midnight of two, the jump where there is none."""
    return datetime(day.year, day.month, day.day, tzinfo=tz).astimezone(UTC)


def _next_day(day: date) -> date:
    return day + timedelta(days=1)


def _previous_day(day: date) -> date:
    return day - timedelta(days=1)


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


def _previous_month(day: date) -> date:
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)
