"""Until when an edit holds: for ever, for some hours, until tomorrow morning, or until a time that is typed."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

HOURS = {"1h": 1, "4h": 4}
MORNING = 9
CHOICES = (
    ("ever", "for ever"),
    ("1h", "for 1 hour"),
    ("4h", "for 4 hours"),
    ("morning", "until tomorrow, 09:00"),
    ("at", "until a date and time"),
)


def ends_at(choice: str, text: str, *, tz: ZoneInfo, now: datetime) -> datetime | None:
    """When the edit ends, in UTC; None for never. Raises ValueError with a sentence that helps."""
    if choice in HOURS:
        return now + timedelta(hours=HOURS[choice])
    if choice == "morning":
        tomorrow = now.astimezone(tz).date() + timedelta(days=1)
        return datetime(tomorrow.year, tomorrow.month, tomorrow.day, MORNING, tzinfo=tz).astimezone(UTC)
    return _typed(text, tz, now) if choice == "at" else None


def _typed(text: str, tz: ZoneInfo, now: datetime) -> datetime:
    try:
        local = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError("Choose a date and a time.") from None
    if local.tzinfo is not None or len(text.strip()) <= len("2026-11-22"):
        raise ValueError(f"Choose a date and a time, in {tz.key}.")
    at = local.replace(tzinfo=tz).astimezone(UTC)
    if at.astimezone(tz).replace(tzinfo=None) != local:
        raise ValueError("There is no such time on that day: the clocks go forward.")
    if at <= now:
        raise ValueError("This is in the past.")
    return at
