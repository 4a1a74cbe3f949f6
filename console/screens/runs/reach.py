"""How far back the list looks for what a filter asks for, so that its answer comes at once; said on screen. Pure."""

from console.screens.runs.query import Query

INDEXED = frozenset({"status", "severity", "agent", "version", "surface", "user", "session", "by", "llm"})
FREE = frozenset({"since", "ended", "is"})
NEWEST = 5_000
NEWEST_TRACES = 1_000
"""For what only the traces tell: each run has many events."""


def reach_of(query: Query, order: str) -> int | None:
    """Among how many of the newest runs the list looks; None for all of them, which one indexed term allows."""
    keys = [term.key for term in query.terms if term.key not in FREE]
    if "tool" in keys:
        return NEWEST_TRACES
    by_index = all(key in INDEXED for key in keys) and len(keys) <= 1
    return None if by_index and order in ("", "age", "-age") else NEWEST
