"""The views that every tenant's list has: each is terms of the filter, so what works on a filter works on it."""

from console.screens.runs.query import Query, Term

VIEWS: dict[str, tuple[str, tuple[Term, ...]]] = {
    "burning": ("Burning", (Term("is", "burning"),)),
    "stuck": ("Stuck", (Term("is", "stuck"),)),
    "waiting": ("Waiting", (Term("status", "waiting"),)),
    "failed": ("Failed 1 h", (Term("status", "failed,dead"), Term("ended", "1h"))),
}
MINE = "mine"


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
