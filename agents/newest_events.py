"""The newest events of a few kinds over all runs, by an index that holds these alone."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from django.db.models import F, QuerySet

from agents.models import EventRow

CALLS = "agents_eventrow.kind IN ('call.rejected', 'call.corrected')"
VERDICTS = "agents_eventrow.kind = 'verdict.given'"
"""As the indexes are defined, word for word: SQLite takes such an index for nothing else, least of all a parameter."""


def newest(
    which: str, *, since: datetime, most: int, columns: tuple[str, ...]
) -> tuple[list[tuple[object, ...]], bool]:
    """Of the events of these kinds the newest, at most so many, and whether those are all since then."""
    events: QuerySet[EventRow] = EventRow.objects.extra(where=[which]).filter(at__gte=since).order_by(F("at").desc())
    rows: Iterator[tuple[object, ...]] = events.values_list(*columns)[: most + 1].iterator(chunk_size=2_000)
    found = list(islice(rows, most + 1))
    return found[:most], len(found) <= most
