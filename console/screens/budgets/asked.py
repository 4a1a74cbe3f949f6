"""Numbers that stand in addresses and forms, as people may mangle them. Pure."""

MOST_DIGITS = 18
"""What fits a BIGINT."""


def asked_id(text: str) -> int:
    """The number, or 0, which no row has."""
    return int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else 0
