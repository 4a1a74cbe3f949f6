"""A link's standing in one word: what a person forced, else what was counted."""

from typing import Literal

from agents.models import ToolHealth

Standing = Literal["closed", "open", "half_open", "forced_open", "forced_closed", "only"]


def standing(row: ToolHealth) -> Standing:
    """The word that decides over the link's next call."""
    if row.known_forced == "only":
        return "only"
    if row.known_forced == "open":
        return "forced_open"
    return "forced_closed" if row.known_forced == "closed" else row.known_state
