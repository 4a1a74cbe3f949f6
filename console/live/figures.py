"""Figures as people read them, made once for the first paint and for every live update."""

from datetime import UTC, datetime

from budgets.money import format_usd

NONE = "–"


def duration(milliseconds: int | None) -> str:
    """A length of time: "420 ms", "3.1 s", "1m 34s", "2h 05m", "3d 04h"."""
    if milliseconds is None:
        return NONE
    if milliseconds < 1000:
        return f"{milliseconds} ms"
    if milliseconds < 60_000:
        return f"{milliseconds // 1000}.{milliseconds % 1000 // 100} s"
    return age(milliseconds // 1000)


def age(seconds: int) -> str:
    """A length of time in whole units: "34s", "1m 34s", "2h 05m", "3d 04h"; never negative."""
    seconds = max(0, seconds)
    if seconds < 60:
        return f"{seconds}s"
    if seconds < 3600:
        return f"{seconds // 60}m {seconds % 60:02}s"
    if seconds < 86_400:
        return f"{seconds // 3600}h {seconds % 3600 // 60:02}m"
    return f"{seconds // 86_400}d {seconds % 86_400 // 3600:02}h"


def until(moment: datetime, now: datetime) -> str:
    """How long from now: "1m 34s"; "now" once it has come."""
    seconds = int((moment - now).total_seconds())
    return age(seconds) if seconds > 0 else "now"


def absolute(moment: datetime) -> str:
    """The moment to the millisecond, in UTC: "2026-11-22 10:22:14.117 UTC"."""
    moment = moment.astimezone(UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03} UTC"


MOMENTS = {"at": slice(None), "minute": slice(16), "day": slice(10), "clock": slice(11, 16)}
"""The part of an absolute time that is shown."""


def moment(at: datetime, shown: str) -> str:
    """The moment or a part of it, in UTC: "2026-11-22 10:22 UTC" for `minute`, "2026-11-22" for `day`, "10:22"."""
    return absolute(at)[MOMENTS[shown]] + (" UTC" if shown == "minute" else "")


def count(number: int | None) -> str:
    """A count with thousands apart: "12,345"; nothing for None."""
    return NONE if number is None else f"{number:,}"


def count_or_none(number: int) -> str:
    """A count that is only worth showing when there is one."""
    return f"{number:,}" if number else NONE


def usd(nanos: int | None) -> str:
    """Nano-USD as "$0.10"."""
    return NONE if nanos is None else format_usd(nanos)


def usd_delta(nanos: int) -> str:
    """A movement of money: "+ $0.10", "− $0.10"."""
    return f"{'−' if nanos < 0 else '+'} {format_usd(abs(nanos))}"


def tokens(given: int | None, written: int | None) -> str:
    """Tokens in and out of a call: "2,178 / 312"."""
    if given is None and written is None:
        return NONE
    return f"{given or 0:,} / {written or 0:,}"


def tokens_in_words(given: int | None, written: int | None, cached: int | None) -> str:
    """The same with what of it came from a cache: "2,178 in, 900 of them cached; 312 out"; "" for no call."""
    if given is None and written is None:
        return ""
    from_cache = f", {cached:,} of them cached" if cached else ""
    return f"{given or 0:,} in{from_cache}; {written or 0:,} out"


def meter_width(spent: int, cap: int | None, *, units: int = 100) -> int:
    """How much of a meter of so many units is filled; anything spent shows at least one unit."""
    if not cap or spent <= 0:
        return 0
    return min(units, max(1, spent * units // cap))


def meter_tone(spent: int, cap: int | None) -> str:
    """Calm below 70 % of the cap, a warning from there, bad from 95 % on."""
    if not cap or spent * 100 < cap * 70:
        return "ok"
    return "warn" if spent * 100 < cap * 95 else "bad"
