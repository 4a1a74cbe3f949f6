"""The types of single values in the file, each read from the text as it was written."""

import re
from datetime import UTC, datetime
from typing import Annotated, Never

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from agents.config.faults import quoted
from budgets.models.tier import USER_MAX_CHARS
from budgets.money import NANOS_PER_USD, MoneyError, parse_usd
from budgets.periods import PeriodError, zone
from budgets.pricing import MAX_RATE_NANOS

NO_LIMIT = "none"
WRONG = "wrong"
"""The error type of what is refused here: its message is a whole sentence."""

_WHOLE = re.compile(r"0|[1-9][0-9]{0,17}")
_INSTANT = re.compile(
    r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}"
    r"(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2}))?"
)
_SLUG = re.compile(r"[A-Za-z0-9_-]{1,60}")
_PRICED = re.compile(r"[a-z0-9-]+:\S+")
MAX_PRICED_CHARS = 200


def wrong(sentence: str) -> Never:
    """Refuse a value with a sentence of our own."""
    raise PydanticCustomError(WRONG, "{sentence}", {"sentence": sentence})


def _text(value: object) -> str:
    if not isinstance(value, str):
        wrong("One value belongs here, not several.")
    return str(value)


def _amount(value: object) -> int | None:
    text = _text(value)
    return None if text == NO_LIMIT else _nanos(text)


def _rate(value: object) -> int:
    nanos = _nanos(_text(value))
    if nanos > MAX_RATE_NANOS:
        wrong(f"{quoted(_text(value))} is not a price: the largest is {MAX_RATE_NANOS // NANOS_PER_USD} USD.")
    return nanos


def _nanos(text: str) -> int:
    try:
        return parse_usd(text)
    except MoneyError as error:
        wrong(f"{quoted(text)} is not an amount. {error}")


def _whole(value: object) -> int:
    text = _text(value)
    if not _WHOLE.fullmatch(text):
        wrong(f"{quoted(text)} is not a whole number.")
    return int(text)


def _zone(value: object) -> str:
    name = _text(value)
    try:
        zone(name)
    except PeriodError as error:
        wrong(str(error))
    return name


def _instant(value: object) -> datetime:
    text = _text(value)
    if not _INSTANT.fullmatch(text):
        wrong(f"{quoted(text)} is not a date: write 2026-11-22, or 2026-11-22T09:00:00Z with its time zone.")
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        wrong(f"{quoted(text)} is not a date: {error}.")
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _line(value: object, *, most: int) -> str:
    text = _text(value)
    if not text.strip() or not text.isprintable() or len(text) > most:
        wrong(f"{quoted(text)} cannot stand here: write one line of at most {most} characters.")
    return text


def _name(value: object) -> str:
    return _line(value, most=120)


def _yes(value: object) -> bool:
    if _text(value) != "true":
        wrong(f"{quoted(_text(value))} is refused: write true, or leave this out.")
    return True


def _source(value: object) -> str:
    return _line(value, most=80)


def _note(value: object) -> str:
    return _line(value, most=500) if value else ""


def _user(value: object) -> str:
    return _line(value, most=USER_MAX_CHARS)


def _slug(value: object) -> str:
    text = _text(value)
    if not _SLUG.fullmatch(text):
        wrong(f"{quoted(text)} is no name for an address: use letters, digits, - and _, at most 60.")
    return text


def _priced(value: object) -> str:
    text = _text(value)
    if not _PRICED.fullmatch(text) or len(text) > MAX_PRICED_CHARS:
        wrong(f"{quoted(text)} has no price: write vendor:name, or tool:name.")
    return text


Word = Annotated[str, BeforeValidator(_text)]
Amount = Annotated[int | None, BeforeValidator(_amount)]
"""Nano-USD from USD; None from "none", which means no limit."""
Rate = Annotated[int, BeforeValidator(_rate)]
"""Nano-USD from USD."""
Whole = Annotated[int, BeforeValidator(_whole)]
Yes = Annotated[bool, BeforeValidator(_yes)]
Zone = Annotated[str, BeforeValidator(_zone)]
Instant = Annotated[datetime, BeforeValidator(_instant)]
Name = Annotated[str, BeforeValidator(_name)]
SourceName = Annotated[str, BeforeValidator(_source)]
Note = Annotated[str, BeforeValidator(_note)]
User = Annotated[str, BeforeValidator(_user)]
Slug = Annotated[str, BeforeValidator(_slug)]
Priced = Annotated[str, BeforeValidator(_priced)]
