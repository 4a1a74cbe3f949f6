"""The views that every tenant's list has: each is terms of the filter, so what works on a filter works on it."""

from collections.abc import Mapping
from dataclasses import dataclass

from console.screens.runs.found import bounded
from console.screens.runs.query import Query, Term

VIEWS: dict[str, tuple[str, tuple[Term, ...]]] = {
    "burning": ("Burning", (Term("is", "burning"),)),
    "stuck": ("Stuck", (Term("is", "stuck"),)),
    "waiting": ("Waiting", (Term("status", "waiting"),)),
    "failed": ("Failed 1 h", (Term("status", "failed,dead"), Term("ended", "1h"))),
}
MINE = "mine"
MEANINGS = {
    "burning": "Within ten minutes of their cap at their pace, or over 80 % of it",
    "stuck": "No event for three minutes, or a minute in the queue",
    "waiting": "For an approval, for money, or for a word on an effect",
    "failed": "Failed or dead within the hour",
    MINE: "Launched by you; counted are the live ones",
}


@dataclass(frozen=True, slots=True)
class Tab:
    """A view of the list: where it leads, whether it is on screen, and how many runs it has ("" for none)."""

    label: str
    href: str
    shown: bool
    count: str = ""
    meaning: str = ""


def terms_of(view: str, username: str) -> tuple[Term, ...]:
    """What a view selects; empty for a name that no view has."""
    if view == MINE:
        return (Term("by", username),)
    return VIEWS[view][1] if view in VIEWS else ()


def with_view(query: Query, view: str, username: str) -> Query:
    """The query with the terms of a view in front of its own."""
    terms = terms_of(view, username)
    return Query((*terms, *(term for term in query.terms if term not in terms)), query.problems)


def is_shown(query: Query, view: str, username: str) -> bool:
    """Whether the query selects this view, or a part of it."""
    return set(terms_of(view, username)) <= set(query.terms)


def standing_tabs(query: Query, counts: Mapping[str, int], username: str, *, shown: bool) -> list[Tab]:
    """All runs, the views and one's own; with ``shown`` the one that the query has chosen is marked."""
    names = {**{view: label for view, (label, _) in VIEWS.items()}, MINE: "Mine"}
    chosen = next((view for view in names if is_shown(query, view, username)), "")
    tabs = [Tab("All", "?view=all", shown and not query.terms)]
    for view, label in names.items():
        number = bounded(counts[view]) if counts.get(view) else ""
        tabs.append(Tab(label, f"?view={view}", shown and view == chosen, number, MEANINGS[view]))
    return tabs
