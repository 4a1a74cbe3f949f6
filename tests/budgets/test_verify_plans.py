"""Verification takes time in proportion to the ledger, also when the statistics say that its tables are empty."""

import json
from typing import Any

import pytest
from django.db import connection, transaction

from budgets.hot_sql import OF_FEW_ROWS, planned_for_whole_tables
from budgets.ledger import recomputation, verify
from budgets.tiers import Limits
from tests.budgets.conftest import AT, Till

STATEMENTS = [recomputation.ACCOUNTS, recomputation.HOLDS]
HOLDS = 1_000
BLOCKS_A_HOLD = 10
"""A good plan looks at about four; with nested loops it was two thousand."""


def fill(till: Till, name: str, holds: int) -> None:
    """So many holds of one run, opened and given back."""
    accounts = till.accounts(Limits(run_nanos=10**12), run_id=name)
    ids = [f"{name}:{number}" for number in range(holds)]
    with till.books(accounts) as books:
        for hold_id in ids:
            till.put(books, accounts, hold_id, 10, run_id=name)
    with till.books(accounts, *ids) as books:
        for hold_id in ids:
            books.release(hold_id=hold_id, at=AT)


def blocks(statement: str) -> int:
    """How many blocks the database looked at to run it: the work, whatever else the machine does."""
    with planned_for_whole_tables(), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}")
        found = cursor.fetchone()[0]
    plan: dict[str, Any] = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


@pytest.mark.parametrize("hot", [False, True], ids=["usual connection", "connection of the hot path"])
def test_statistics_of_empty_tables_make_no_plan_explode(till: Till, hot: bool) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no such statistics: it joins by key")
    with transaction.atomic():
        fill(till, "dead", 500)
        transaction.set_rollback(True)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE budgets_account, budgets_hold, budgets_ledgerentry")
        for setting in OF_FEW_ROWS if hot else ():
            cursor.execute(f"SET LOCAL {setting}")
    fill(till, "live", HOLDS)
    assert [looked_at <= HOLDS * BLOCKS_A_HOLD for looked_at in map(blocks, STATEMENTS)] == [True, True]
    assert verify() is None


@pytest.mark.usefixtures("db")
def test_the_connection_has_its_settings_back() -> None:
    with planned_for_whole_tables():
        pass
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SHOW enable_nestloop")
            assert cursor.fetchone() == ("on",)
    assert not connection.needs_rollback
