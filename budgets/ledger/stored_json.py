"""JSON as the ledger stores it: ours is plain, the vendor's is hostile and must stay readable."""

import json
from collections.abc import Mapping
from functools import lru_cache

from budgets.pricing import PriceSnapshot, Usage

VENDOR_USAGE_MAX_CHARS = 4000
UNREADABLE_MAX_CHARS = 500

_ENCODER = json.JSONEncoder(allow_nan=False, separators=(",", ":"))


@lru_cache(maxsize=256)
def price_json(price: PriceSnapshot) -> str:
    """A price snapshot; a run asks for the same one on every turn."""
    return _ENCODER.encode(price.as_json())


def usage_json(usage: Usage | None) -> str | None:
    """Normalised usage, or None when the vendor sent none that could be used."""
    return None if usage is None else _ENCODER.encode(usage.as_json())


def vendor_usage_json(vendor_usage: Mapping[str, object] | None) -> str | None:
    """What the vendor reported, as it came; what no JSON column keeps is stored as a text, cut."""
    if vendor_usage is None:
        return None
    try:
        text = _ENCODER.encode(vendor_usage)
    except (TypeError, ValueError, RecursionError):
        return _unreadable(vendor_usage)
    # The encoder escapes to ASCII: a NUL or a lone surrogate, which PostgreSQL refuses, is an escape here.
    whole = "\\u0000" not in text and "\\ud" not in text and len(text) <= VENDOR_USAGE_MAX_CHARS
    return text if whole else _unreadable(vendor_usage)


def _unreadable(vendor_usage: Mapping[str, object]) -> str:
    try:
        shown = repr(vendor_usage)
    except (ValueError, RecursionError):
        shown = "too deep or too large to show"
    printable = shown[:UNREADABLE_MAX_CHARS].encode("ascii", "backslashreplace").decode().replace("\x00", "")
    return json.dumps({"unreadable": printable})
