"""Finds one page of runs: which ids, in which order, and how many match, counted no further than a bound."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from agents.models import Run
from console.live.figures import count
from console.screens.runs.urgency import LiveRun

PAGE_ROWS = 50
MOST_COUNTED = 500
MOST_PAGES = 100
"""Beyond this one narrows the filter: a page is found by walking past all before it."""

ORDERS = {
    "-cost": ("-cost_nanos", "-id"),
    "cost": ("cost_nanos", "-id"),
    "-steps": ("-steps_count", "-id"),
    "steps": ("steps_count", "-id"),
    "-errors": ("-errors_count", "-id"),
    "errors": ("errors_count", "-id"),
    "-age": ("id",),
    "age": ("-id",),
}


@dataclass(frozen=True, slots=True)
class Part:
    """The ids of one page, where it stands, and how many runs match: exactly, up to MOST_COUNTED."""

    ids: list[str]
    number: int
    has_more: bool
    matching: int

    @property
    def count_words(self) -> str:
        """How many match: "37", or "500+"."""
        return bounded(self.matching)

    @property
    def start(self) -> int:
        """The place of the first row, from 1."""
        return (self.number - 1) * PAGE_ROWS + 1

    @property
    def end(self) -> int:
        """The place of the last row."""
        return self.start + len(self.ids) - 1


def bounded(found: int) -> str:
    """A count that stopped one after the bound, as people read it."""
    return count(found) if found <= MOST_COUNTED else f"{count(MOST_COUNTED)}+"


def within(runs: QuerySet[Run], everything: QuerySet[Run], newest: int) -> QuerySet[Run]:
    """Those of ``runs`` that are among so many of the newest of ``everything``."""
    first = everything.order_by("-pk").values("pk")[newest - 1 : newest]
    return runs.filter(pk__gte=Coalesce(Subquery(first), Value("")))


def part_of(runs: QuerySet[Run], live: Sequence[LiveRun], *, order: str, number: int, only_live: bool = False) -> Part:
    """The page of this number, or the last one there is; at most one query.

    ``live`` are the live runs among ``runs`` in their order; after them come the ended ones, the newest first. An
    ``order`` of ORDERS puts all of them in its own. With ``only_live`` none that has ended is looked for.
    """
    number = min(max(number, 1), MOST_PAGES)
    enough = max(number * PAGE_ROWS, MOST_COUNTED) + 1
    if order in ORDERS:
        ids = list(runs.order_by(*ORDERS[order]).values_list("pk", flat=True)[:enough])
    else:
        ids = [run.id for run in live]
        if not only_live:
            ended = runs.filter(ended_at__isnull=False).order_by("-pk").values_list("pk", flat=True)
            ids += ended[: max(enough - len(ids), 0)]
    number = min(number, max(1, -(-len(ids) // PAGE_ROWS)))
    stop = number * PAGE_ROWS
    return Part(ids[stop - PAGE_ROWS : stop], number, len(ids) > stop and number < MOST_PAGES, len(ids))
