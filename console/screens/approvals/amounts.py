"""The amount that a call is about, where its arguments name one. Pure."""

import re
from collections.abc import Mapping
from decimal import Decimal

from pydantic import JsonValue

from agents.approvals.rules import amount

_NAMED = re.compile(r"(?:^|_)(amount|total|price|sum|value|budget|cost)(?:_|$)", re.I)


def amount_in(arguments: Mapping[str, JsonValue]) -> str:
    """The first argument whose name says that it is an amount, as people write it; "" when there is none."""
    for name, value in arguments.items():
        number = amount(value)
        if number is None or not _NAMED.search(name):
            continue
        if name.lower().endswith("_cents"):
            return f"${number / Decimal(100):,.2f}"
        if name.lower().endswith("_usd"):
            return f"${number:,.2f}"
        return f"{number:,}"
    return ""
