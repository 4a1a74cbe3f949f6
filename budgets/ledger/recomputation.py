"""The statements that compute the whole ledger again from its entries: sorted and summed by the database.

No statement has more than one join of large tables, and each sees one instant, so that it is exact beside running
workers. What one transaction of an account writes has larger ids than what an earlier one wrote: both hold the
account's lock while they draw them. Entries in the order of their ids are therefore in the order of the account.
"""

from budgets.tiers import SCOPES

NO_LIMIT = -1
"""Stands for "no limit" where limits are compared: a limit is never negative."""

_OF_HOLDS = " UNION ALL ".join(
    f"SELECT {scope}_account_id, entry_id, admits, held, spent, 0, 0, 0 FROM moved WHERE {scope}_account_id IS NOT NULL"
    for scope in SCOPES
)

_LIMIT_STEPS = """
    SELECT account_id, entry_id,
           COALESCE(limit_nanos, 0) - COALESCE(LAG(COALESCE(limit_nanos, 0)) OVER in_order, 0) AS raised,
           CASE WHEN limit_nanos IS NULL THEN 1 ELSE 0 END
           - COALESCE(LAG(CASE WHEN limit_nanos IS NULL THEN 1 ELSE 0 END) OVER in_order, 0) AS freed
    FROM (
        SELECT id AS account_id, 0 AS entry_id, first_limit_nanos AS limit_nanos FROM budgets_account
        UNION ALL
        SELECT account_id, id, limit_nanos FROM budgets_ledgerentry WHERE kind = 'limit'
    ) limits
    WINDOW in_order AS (PARTITION BY account_id ORDER BY entry_id)
"""

# An account's life as running sums: what is left after each entry, and whether it was without a limit then.
ACCOUNTS = f"""
WITH moved AS MATERIALIZED (
    SELECT entry.id AS entry_id, CASE WHEN entry.kind = 'reserve' THEN 1 ELSE 0 END AS admits,
           entry.held_delta_nanos AS held, entry.spent_delta_nanos AS spent,
           {", ".join(f"hold.{scope}_account_id" for scope in SCOPES)}
    FROM budgets_ledgerentry entry JOIN budgets_hold hold ON hold.id = entry.hold_id
),
moves AS (
    SELECT account_id, entry_id, 0 AS admits, 0 AS held, 0 AS spent, 0 AS topped_up, raised, freed
    FROM ({_LIMIT_STEPS}) limit_steps
    UNION ALL {_OF_HOLDS}
    UNION ALL
    SELECT account_id, id, 0, 0, 0, limit_delta_nanos, 0, 0
    FROM budgets_ledgerentry WHERE kind IN ('top_up', 'lapse')
),
running AS (
    SELECT moves.*,
           SUM(raised + topped_up - held - spent) OVER so_far AS left_nanos,
           SUM(freed) OVER so_far AS is_free
    FROM moves
    WINDOW so_far AS (PARTITION BY account_id ORDER BY entry_id ROWS UNBOUNDED PRECEDING)
),
sums AS (
    SELECT account_id, SUM(held) AS held, SUM(spent) AS spent, SUM(topped_up) AS topped_up,
           CASE WHEN SUM(freed) = 1 THEN {NO_LIMIT} ELSE SUM(raised) END AS limit_nanos,
           MAX(CASE WHEN admits = 1 AND is_free = 0 AND left_nanos < 0 THEN -left_nanos ELSE 0 END) AS overshoot,
           MIN(CASE WHEN admits = 1 AND is_free = 0 AND left_nanos < 0 THEN entry_id END) AS overshot_by
    FROM running GROUP BY account_id
),
compared AS MATERIALIZED (
    SELECT sums.account_id, account.tenant_id, CASE WHEN account.id IS NULL THEN 0 ELSE 1 END AS is_there,
           COALESCE(account.held_nanos, 0) AS held_nanos, sums.held,
           COALESCE(account.spent_nanos, 0) AS spent_nanos, sums.spent,
           COALESCE(account.topped_up_nanos, 0) AS topped_up_nanos, sums.topped_up,
           COALESCE(account.limit_nanos, {NO_LIMIT}) AS limit_nanos, sums.limit_nanos AS limit_by_entries,
           sums.overshoot, sums.overshot_by
    FROM sums LEFT JOIN budgets_account account ON account.id = sums.account_id
),
of_tenants AS (
    SELECT tenant_id, COUNT(*) AS accounts, MAX(overshoot) AS overshoot,
           MIN(CASE WHEN overshoot > 0 THEN account_id END) AS overshot,
           MIN(CASE WHEN is_there = 0 OR held_nanos <> held OR spent_nanos <> spent
                      OR topped_up_nanos <> topped_up OR limit_nanos <> limit_by_entries
                    THEN account_id END) AS wrong
    FROM compared GROUP BY tenant_id
)
SELECT of_tenants.tenant_id, of_tenants.accounts, CAST(of_tenants.overshoot AS BIGINT), named.account_id,
       CAST(named.overshoot AS BIGINT), named.overshot_by, named.is_there, 1,
       named.held_nanos, CAST(named.held AS BIGINT), named.spent_nanos, CAST(named.spent AS BIGINT),
       named.topped_up_nanos, CAST(named.topped_up AS BIGINT), named.limit_nanos, CAST(named.limit_by_entries AS BIGINT)
FROM of_tenants LEFT JOIN compared named ON named.account_id = COALESCE(of_tenants.wrong, of_tenants.overshot)
"""

# What a hold says and what its entries say, laid beside each other by grouping: no join, so no plan can explode.
HOLDS = """
SELECT hold_id,
       SUM(held), SUM(held_by_entries), SUM(settled), SUM(settled_by_entries),
       SUM(amount), SUM(amount_by_entries), SUM(entries), SUM(entries_found)
FROM (
    SELECT id AS hold_id, CASE WHEN state = 'open' THEN amount_nanos ELSE 0 END AS held,
           COALESCE(settled_nanos, 0) AS settled, amount_nanos AS amount,
           CASE WHEN state = 'open' THEN 1 ELSE 2 END AS entries,
           0 AS held_by_entries, 0 AS settled_by_entries, 0 AS amount_by_entries, 0 AS entries_found
    FROM budgets_hold
    UNION ALL
    SELECT hold_id, 0, 0, 0, 0, held_delta_nanos, spent_delta_nanos,
           CASE WHEN kind = 'reserve' THEN held_delta_nanos ELSE 0 END, 1
    FROM budgets_ledgerentry WHERE hold_id IS NOT NULL
) both_sides
GROUP BY hold_id
HAVING SUM(held) <> SUM(held_by_entries) OR SUM(settled) <> SUM(settled_by_entries)
    OR SUM(amount) <> SUM(amount_by_entries) OR SUM(entries) <> SUM(entries_found)
ORDER BY hold_id LIMIT 1
"""

OVERBILLED = """
SELECT tenant_id, COUNT(*), MAX(CASE WHEN over_ceiling THEN settled_nanos - amount_nanos ELSE 0 END)
FROM budgets_hold GROUP BY tenant_id
"""

ENTRIES = "SELECT COUNT(*) FROM budgets_ledgerentry"
