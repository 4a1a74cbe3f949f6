"""What the address of the list asks for: a view, a filter text, an order and a page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from console.screens.runs.found import ORDERS
from console.screens.runs.query import Query, parse
from console.screens.runs.tabs import with_view


@dataclass(frozen=True, slots=True)
class Asked:
    """``text`` stands in the field: as it was typed, faults and all, unless a view has put terms before it."""

    query: Query
    text: str
    order: str
    number: int
    whole: bool

    @classmethod
    def of(cls, given: Mapping[str, str], username: str) -> Self:
        """Read the parameters of an address; what makes no sense counts as not given."""
        typed = given.get("q", "").replace("\x00", "")
        query = with_view(parse(typed), given.get("view", ""), username)
        order = given.get("sort", "")
        number = given.get("page", "")
        return cls(
            query,
            str(query) if given.get("view") else typed,
            order if order in ORDERS else "",
            int(number) if number.isdecimal() and len(number) < 7 else 1,
            "whole" in given,
        )
