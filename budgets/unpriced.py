"""The list "seen without a price": which LLMs somebody wanted and could not use."""

import logging
from datetime import datetime, timedelta

from django.db import DatabaseError, connection, transaction
from django.utils.timezone import now

from budgets.hot_sql import stored_at
from budgets.models import UnpricedLLM

SHOWN_FOR = timedelta(days=30)
"""A misspelt name gets no price for ever; it leaves the list by itself."""
MOST_SHOWN = 100
LLM_MAX_CHARS = 200

# One statement: any number of workers may meet the same LLM at once, and each counts.
_NOTE = """
INSERT INTO budgets_unpricedllm (llm, first_seen_at, last_seen_at, times, last_tenant) VALUES (%s, %s, %s, 1, %s)
ON CONFLICT (llm) DO UPDATE SET times = budgets_unpricedllm.times + 1,
    last_seen_at = excluded.last_seen_at, last_tenant = excluded.last_tenant
"""

logger = logging.getLogger(__name__)


def note_unpriced(llm: str, tenant_slug: str) -> None:
    """Counts one more attempt to use an LLM that has no price.

    Never fails its caller, nor the transaction that it is in: the refusal matters, this list is for convenience.
    """
    if not llm.isprintable() or len(llm) > LLM_MAX_CHARS:
        return
    at = stored_at(now())
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_NOTE, [llm, at, at, tenant_slug])
    except DatabaseError:
        logger.warning("could not note that %s has no price", llm, exc_info=True)


def seen_without_price(at: datetime) -> list[UnpricedLLM]:
    """The LLMs that were asked for in the last 30 days and had no price then, latest first; one may be priced since."""
    return list(UnpricedLLM.objects.filter(last_seen_at__gt=at - SHOWN_FOR).order_by("-last_seen_at")[:MOST_SHOWN])
