"""Integer nano-USD: reading amounts that people type and writing amounts that people read, without floats."""

import re

NANOS_PER_USD = 10**9
NANO_DIGITS = 9
MAX_NANOS = 10**18
"""One thousand million USD: the largest single amount, so that sums of many stay inside a BIGINT."""

_AMOUNT = re.compile(r"\$?([0-9]*)(?:\.([0-9]+))?")


class MoneyError(ValueError):
    """Not an amount of US dollars; the message is fit to stand at a form field."""


def parse_usd(text: str) -> int:
    """The amount in nano-USD of a text such as "5", "0.10" or "$2.000000001".

    Strict on purpose: anything that two readers could take for different amounts raises `MoneyError`.
    """
    trimmed = text.strip()
    if not trimmed:
        raise MoneyError("Enter an amount in US dollars, for example 0.10.")
    if "," in trimmed:
        raise MoneyError("Use a point for decimals and no thousands separator, for example 1.50.")
    if trimmed.startswith("-"):
        raise MoneyError("An amount cannot be negative.")
    match = _AMOUNT.fullmatch(trimmed)
    if match is None or not (match[1] or match[2]):
        raise MoneyError("This is not an amount in US dollars; write digits and a point, for example 0.10.")
    return _nanos(match[1], match[2] or "")


def _nanos(whole: str, decimals: str) -> int:
    if len(decimals) > NANO_DIGITS:
        raise MoneyError(f"Use at most {NANO_DIGITS} decimals.")
    significant = whole.lstrip("0")
    # Length first: a million digits must not become an int at all.
    nanos = MAX_NANOS + 1 if len(significant) > 10 else int((significant or "0") + decimals.ljust(NANO_DIGITS, "0"))
    if nanos > MAX_NANOS:
        raise MoneyError(f"The largest amount is {MAX_NANOS // NANOS_PER_USD} US dollars.")
    return nanos


def format_usd(nanos: int, *, places: int | None = None) -> str:
    """An amount for people: "$0.10", "$12.35", and "$0.000132" where two decimals would hide it.

    Without `places`: two decimals from one dollar on, else three significant digits and at least two
    decimals. Halves are rounded away from zero. `exact_usd` is the form that loses nothing.
    """
    shown = _default_places(abs(nanos)) if places is None else places
    if not 0 <= shown <= NANO_DIGITS:
        raise ValueError(f"places must be 0 to {NANO_DIGITS}, not {shown}")
    unit = 10 ** (NANO_DIGITS - shown)
    text = _decimal((abs(nanos) + unit // 2) // unit, shown)
    if places is None:
        text = _trim(text)
    sign = "-" if nanos < 0 and text.strip("0.") else ""
    return f"{sign}${text}"


def exact_usd(nanos: int) -> str:
    """The whole amount without a sign of currency, such as "0.000132": what a form field starts with."""
    return ("-" if nanos < 0 else "") + _trim(_decimal(abs(nanos), NANO_DIGITS))


def _default_places(nanos: int) -> int:
    if nanos >= NANOS_PER_USD or nanos == 0:
        return 2
    return min(NANO_DIGITS, max(2, NANO_DIGITS + 3 - len(str(nanos))))


def _decimal(units: int, places: int) -> str:
    digits = str(units).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}" if places else digits


def _trim(text: str) -> str:
    """Drops trailing zeros, but keeps two decimals."""
    whole, point, decimals = text.partition(".")
    return whole + point + decimals.rstrip("0").ljust(2, "0")
