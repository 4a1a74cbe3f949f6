"""Recomputes every balance from the entries and names the first row that does not add up."""

from dataclasses import dataclass

from django.db import connection

from budgets.tiers import SCOPES


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A row that the entries do not explain; amounts in nano-USD, or counts of entries for a hold."""

    table: str
    row_id: str
    what: str
    recorded: int
    recomputed: int

    def __str__(self) -> str:
        return f"{self.table} {self.row_id}: {self.what} is {self.recorded}, its entries say {self.recomputed}"


_MOVES = " UNION ALL ".join(
    f"SELECT hold.{scope}_account_id AS account_id,"
    " entry.held_delta_nanos AS held, entry.spent_delta_nanos AS spent, 0 AS topped_up"
    " FROM budgets_ledgerentry entry JOIN budgets_hold hold ON hold.id = entry.hold_id"
    f" WHERE hold.{scope}_account_id IS NOT NULL"
    for scope in SCOPES
)
_TOP_UPS = "SELECT account_id, 0, 0, limit_delta_nanos FROM budgets_ledgerentry WHERE account_id IS NOT NULL"

_ACCOUNTS = f"""
WITH moves AS ({_MOVES} UNION ALL {_TOP_UPS}),
sums AS (
    SELECT account_id, CAST(SUM(held) AS BIGINT) AS held, CAST(SUM(spent) AS BIGINT) AS spent,
           CAST(SUM(topped_up) AS BIGINT) AS topped_up
    FROM moves GROUP BY account_id
)
SELECT COALESCE(account.id, sums.account_id),
       COALESCE(account.held_nanos, 0), COALESCE(sums.held, 0),
       COALESCE(account.spent_nanos, 0), COALESCE(sums.spent, 0),
       COALESCE(account.topped_up_nanos, 0), COALESCE(sums.topped_up, 0)
FROM (SELECT id AS account_id FROM budgets_account UNION SELECT account_id FROM sums) every_one
LEFT JOIN budgets_account account ON account.id = every_one.account_id
LEFT JOIN sums ON sums.account_id = every_one.account_id
WHERE COALESCE(account.held_nanos, 0) <> COALESCE(sums.held, 0)
   OR COALESCE(account.spent_nanos, 0) <> COALESCE(sums.spent, 0)
   OR COALESCE(account.topped_up_nanos, 0) <> COALESCE(sums.topped_up, 0)
ORDER BY 1 LIMIT 1
"""

_HOLDS = """
WITH sums AS (
    SELECT hold_id, COUNT(*) AS entries, CAST(SUM(held_delta_nanos) AS BIGINT) AS held,
           CAST(SUM(spent_delta_nanos) AS BIGINT) AS spent
    FROM budgets_ledgerentry WHERE hold_id IS NOT NULL GROUP BY hold_id
),
compared AS (
    SELECT every_one.hold_id,
           CASE WHEN hold.id IS NULL THEN 0 WHEN hold.state = 'open' THEN 1 ELSE 2 END AS entries,
           CASE WHEN hold.state = 'open' THEN hold.amount_nanos ELSE 0 END AS held,
           COALESCE(hold.settled_nanos, 0) AS spent,
           COALESCE(sums.entries, 0) AS sum_entries, COALESCE(sums.held, 0) AS sum_held,
           COALESCE(sums.spent, 0) AS sum_spent
    FROM (SELECT id AS hold_id FROM budgets_hold UNION SELECT hold_id FROM sums) every_one
    LEFT JOIN budgets_hold hold ON hold.id = every_one.hold_id
    LEFT JOIN sums ON sums.hold_id = every_one.hold_id
)
SELECT hold_id, held, sum_held, spent, sum_spent, entries, sum_entries FROM compared
WHERE held <> sum_held OR spent <> sum_spent OR entries <> sum_entries
ORDER BY 1 LIMIT 1
"""


def verify() -> Mismatch | None:
    """The first account, else hold, whose numbers are not the sum of its entries; None when all add up.

    Each is one statement, so it is exact beside running workers. Reads the whole ledger: for a command, not a
    page.
    """
    return _first("account", _ACCOUNTS, ("held_nanos", "spent_nanos", "topped_up_nanos")) or _first(
        "hold", _HOLDS, ("held_nanos", "settled_nanos", "number of entries")
    )


def _first(table: str, statement: str, columns: tuple[str, ...]) -> Mismatch | None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        row = cursor.fetchone()
    if row is None:
        return None
    pairs = zip(columns, row[1::2], row[2::2], strict=True)
    what, recorded, recomputed = next(pair for pair in pairs if pair[1] != pair[2])
    return Mismatch(table=table, row_id=str(row[0]), what=what, recorded=recorded, recomputed=recomputed)
