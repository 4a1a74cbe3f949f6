"""Says once in a window that an account has reached a percentage of its limit: a row, and a line in the log."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache, lru_cache, partial
from typing import NamedTuple

from django.db import transaction

from budgets.hot_sql import Columns, fetch, select_rows, stored_at
from budgets.hot_values import as_parameter
from budgets.ledger.rows import AccountRow
from budgets.models import Account
from budgets.tiers import Refusal, Scope

logger = logging.getLogger(__name__)
FULL = 100

ALERT: Columns = {
    "account_id": "int",
    "percent": "int",
    "spent_nanos": "int",
    "limit_nanos": "int",
    "fired_at": "at",
    "seen_by": "text",
}


class Reached(NamedTuple):
    """An account that stands at a percentage of its limit; nano-USD, the limit with its top-ups."""

    account_id: int
    scope: Scope
    percent: int
    spent_nanos: int
    limit_nanos: int
    at: datetime


def reached(thresholds: str, spent_nanos: int, limit_nanos: int | None) -> frozenset[int]:
    """The percentages of the limit that are spent: what is merely held may come back."""
    if not thresholds or not spent_nanos or limit_nanos is None:
        return frozenset()
    return frozenset(percent for percent in percentages(thresholds) if spent_nanos * 100 >= limit_nanos * percent)


@lru_cache(maxsize=256)
def percentages(thresholds: str) -> tuple[int, ...]:
    """The percentages of a text such as "50,80,100"."""
    return tuple(int(percent) for percent in thresholds.split(",") if percent)


def crossings(accounts: Iterable[AccountRow], at: datetime) -> Iterator[Reached]:
    """The percentages that a group's settlements have taken its accounts across."""
    for row in accounts:
        if row.thresholds and row.spent_delta_nanos and row.limit_nanos is not None:
            before = reached(row.thresholds, row.spent_nanos - row.spent_delta_nanos, row.limit_nanos)
            for percent in sorted(reached(row.thresholds, row.spent_nanos, row.limit_nanos) - before):
                yield Reached(row.id, row.scope, percent, row.spent_nanos, row.limit_nanos, at)


def refused(refusal: Refusal, thresholds: str, at: datetime) -> list[Reached]:
    """A budget that refuses is used up, though part of what it holds may come back."""
    if FULL not in percentages(thresholds):
        return []
    limit_nanos = refusal.limit_nanos
    return [Reached(refusal.account_id, refusal.scope, FULL, refusal.spent_nanos, limit_nanos, at)]


def reached_by(account: Account) -> frozenset[int]:
    """The percentages at which a stored account stands."""
    return reached(account.thresholds, account.spent_nanos, account.full_limit_nanos)


def newly_reached(account: Account, before: frozenset[int], at: datetime) -> list[Reached]:
    """What a changed limit, or another percentage, has taken an account across; `before` is `reached_by` then."""
    limit_nanos, spent_nanos = account.full_limit_nanos or 0, account.spent_nanos
    found = sorted(reached_by(account) - before)
    return [Reached(account.pk, account.known_scope, percent, spent_nanos, limit_nanos, at) for percent in found]


def keep_alerts(found: Sequence[Reached]) -> None:
    """Writes an alert for each that has none in its window, in this transaction; the log hears once it committed.

    An account is one window, and what has fired stays fired when its limit is raised. No statement for none.
    """
    if not found:
        return
    rows = [
        (each.account_id, each.percent, each.spent_nanos, each.limit_nanos, stored_at(each.at), "") for each in found
    ]
    fired = {(account_id, percent): tenant for account_id, percent, tenant in fetch(_sql(), [as_parameter(rows)])}
    for each in dict.fromkeys(found):
        tenant = fired.pop((each.account_id, each.percent), None)
        if tenant is not None:
            transaction.on_commit(partial(_log, each, tenant), robust=True)


@cache
def _sql() -> str:
    return (
        f"INSERT INTO budgets_budgetalert ({', '.join(ALERT)}) {select_rows(ALERT)}"
        " WHERE TRUE ON CONFLICT DO NOTHING RETURNING account_id, percent, "
        "(SELECT slug FROM budgets_tenant JOIN budgets_account ON budgets_account.tenant_id = budgets_tenant.id"
        " WHERE budgets_account.id = account_id)"
    )


def _log(found: Reached, tenant: str) -> None:
    told = {name: value for name, value in found._asdict().items() if name != "at"}
    logger.info("budget.threshold", extra={"tenant": tenant, **told})
