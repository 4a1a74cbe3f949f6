"""Amounts of the shop: integer US cents, written out and read."""

import re

AMOUNT = re.compile(
    r"(?:\$|USD\s?)\s?(\d{1,6})(?:[.,](\d{2}))?(?!\d)|(?<![\d.])(\d{1,6})(?:[.,](\d{2}))?\s?(?:USD|dollars)",
    re.I,
)


def usd(cents: int) -> str:
    """Cents as people write them: 4900 is ``49.00 USD``."""
    return f"{cents // 100}.{cents % 100:02d} USD"


def first_amount_cents(text: str) -> int | None:
    """The first amount of dollars in a text, in cents; None when it names none."""
    found = AMOUNT.search(text)
    if not found:
        return None
    whole, part = found.group(1) or found.group(3), found.group(2) or found.group(4) or "00"
    return int(whole) * 100 + int(part)
