"""Bounds that people type: a cost such as ``>80%`` of the cap or ``>0.05`` USD, an age as ``1h``,
a version as ``agent@3``. Pure."""

import re
from dataclasses import dataclass
from datetime import timedelta

from budgets.money import MoneyError, parse_usd

_AGE = re.compile(r"([0-9]{1,4})([smhdw])")
_VERSION = re.compile(r"([^@\s]{1,64})@v?([0-9]{1,9})")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class BoundError(ValueError):
    """Not a bound; the message is fit to stand at the filter."""


@dataclass(frozen=True, slots=True)
class CostBound:
    """More or less than an amount in nano-USD, or than a whole percentage of the run's cap."""

    above: bool
    nanos: int | None = None
    percent: int | None = None


def parse_cost(text: str) -> CostBound:
    """Read ``>80%``, ``<0.10`` or ``>$1.50``; without a sign, "at least" is meant."""
    above = not text.startswith("<")
    rest = text.lstrip("<>=").strip()
    if rest.endswith("%"):
        digits = rest[:-1]
        if not re.fullmatch(r"[0-9]{1,3}", digits):
            raise BoundError("Write a share of the cap such as cost:>80%.")
        return CostBound(above, percent=int(digits))
    try:
        return CostBound(above, nanos=parse_usd(rest))
    except MoneyError as error:
        raise BoundError("Write a cost such as cost:>0.05 or cost:>80%.") from error


def parse_age(text: str) -> timedelta:
    """Read ``90s``, ``30m``, ``1h``, ``2d`` or ``1w``."""
    match = _AGE.fullmatch(text)
    if match is None:
        raise BoundError("Write a time such as since:30m, since:1h or since:2d.")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def parse_version(text: str) -> tuple[str, int]:
    """Read ``support-triage@3``: an agent and the number of its version."""
    match = _VERSION.fullmatch(text)
    if match is None:
        raise BoundError("Write a version such as version:support-triage@3.")
    return match[1], int(match[2])
