"""Every balance can be recomputed, and a row that somebody changed by hand is named."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from budgets.ledger import AccountSet, top_up, verify
from budgets.models import Account, Hold
from budgets.tiers import Limits
from tests.budgets.conftest import Till


@pytest.fixture
def accounts(till: Till) -> AccountSet:
    """A ledger with an open, a settled and a topped-up part."""
    found = till.accounts(Limits(run_nanos=1000))
    till.reserve(found, "run-1:1", 100)
    till.reserve(found, "run-1:2", 100)
    till.settle(found, "run-1:1", 60)
    top_up(account_id=found.run, amount_nanos=500, reason="more", actor="acme_admin")
    return found


def test_the_command_says_that_all_adds_up(accounts: AccountSet) -> None:
    out = StringIO()
    call_command("verify_ledger", stdout=out)
    assert "adds up" in out.getvalue()
    assert verify() is None, accounts


@pytest.mark.parametrize(
    ("column", "recorded", "recomputed"),
    [("held_nanos", 101, 100), ("spent_nanos", 61, 60), ("topped_up_nanos", 501, 500)],
)
def test_a_changed_balance_is_named(accounts: AccountSet, column: str, recorded: int, recomputed: int) -> None:
    Account.objects.filter(pk=accounts.run).update(**{column: recorded})
    mismatch = verify()
    assert mismatch is not None
    assert (mismatch.table, mismatch.row_id, mismatch.what) == ("account", str(accounts.run), column)
    assert (mismatch.recorded, mismatch.recomputed) == (recorded, recomputed)
    with pytest.raises(CommandError, match=f"account {accounts.run}: {column} is {recorded}"):
        call_command("verify_ledger")


@pytest.mark.parametrize(
    "change", ["settled_nanos = 61", "state = 'settled', settled_nanos = 0, closed_at = opened_at"]
)
def test_a_changed_hold_is_named(accounts: AccountSet, change: str) -> None:
    hold_id = "run-1:1" if change.startswith("settled") else "run-1:2"
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE budgets_hold SET {change} WHERE id = %s", [hold_id])
    mismatch = verify()
    assert mismatch is not None, accounts
    assert (mismatch.table, mismatch.row_id) == ("hold", hold_id)


@pytest.mark.usefixtures("accounts")
def test_a_lost_entry_is_noticed() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM budgets_ledgerentry WHERE hold_id = 'run-1:1'")
    assert verify() is not None


def test_a_lost_account_is_noticed(accounts: AccountSet) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM budgets_account WHERE id = %s", [accounts.tenant_month])
    mismatch = verify()
    assert mismatch is not None
    assert mismatch.row_id == str(accounts.tenant_month)


@pytest.mark.usefixtures("accounts")
def test_a_lost_hold_is_noticed() -> None:
    Hold.objects.filter(pk="run-1:1").delete()
    assert verify() is not None
