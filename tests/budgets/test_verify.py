"""Every balance and limit can be recomputed, and a row that somebody changed by hand is named."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from budgets.ledger import AccountSet, Mismatch, Overshoot, due_top_ups, lapse_top_up, top_up, verify
from budgets.ledger.verification import STAGES, verify_and_keep
from budgets.models import Account, Hold, LedgerEntry, Verification
from budgets.tiers import Limits
from tests.budgets.conftest import AT, Till
from tests.tier_edit import limit

pytestmark = pytest.mark.usefixtures("at_noon")


@pytest.fixture
def accounts(till: Till) -> AccountSet:
    """A ledger with an open, a settled and a topped-up part."""
    found = till.accounts(Limits(run_nanos=1000))
    till.reserve(found, "run-1:1", 100)
    till.reserve(found, "run-1:2", 100)
    till.settle(found, "run-1:1", 60)
    top_up(account_id=found.run, amount_nanos=500, reason="more", actor="acme_admin")
    return found


def execute(statement: str, *parameters: str | int | None) -> None:
    """What no code of ours does."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


@pytest.mark.usefixtures("accounts")
def test_the_command_says_that_all_adds_up_and_keeps_the_answer() -> None:
    out = StringIO()
    call_command("verify_ledger", stdout=out)
    assert "adds up" in out.getvalue()
    assert "2 holds on 6 accounts, 4 entries" in out.getvalue()
    kept = Verification.objects.get()
    assert (kept.accounts, kept.holds, kept.entries, kept.mismatch, kept.overshoot_nanos) == (6, 2, 4, "", 0)


@pytest.mark.usefixtures("accounts")
def test_the_quiet_command_says_nothing_when_all_adds_up() -> None:
    out = StringIO()
    call_command("verify_ledger", "--quiet", stdout=out)
    assert out.getvalue() == ""


@pytest.mark.parametrize(
    ("column", "recorded", "recomputed"),
    [("held_nanos", 101, 100), ("spent_nanos", 61, 60), ("topped_up_nanos", 501, 500), ("limit_nanos", 1001, 1000)],
)
def test_a_changed_balance_or_limit_is_named(accounts: AccountSet, column: str, recorded: int, recomputed: int) -> None:
    Account.objects.filter(pk=accounts.run).update(**{column: recorded})
    assert verify() == Mismatch("account", str(accounts.run), column, recorded, recomputed)
    with pytest.raises(CommandError, match=f"account {accounts.run}: {column} is {recorded}"):
        call_command("verify_ledger", "--quiet")
    assert column in Verification.objects.get().mismatch


def test_a_limit_that_somebody_took_away_is_named(accounts: AccountSet) -> None:
    Account.objects.filter(pk=accounts.run).update(limit_nanos=None)
    assert str(verify()) == f"account {accounts.run}: limit_nanos is none, its entries say 1000"


def test_edited_limits_and_lapsed_top_ups_add_up(till: Till) -> None:
    limit(till.surface, run_nanos=100, surface_day_nanos=1000)
    found = till.accounts(Limits(run_nanos=100, surface_day_nanos=1000))
    top_up(account_id=found.surface_day, amount_nanos=50, reason="m", actor="a", at=AT, expires_at=AT + timedelta(1))
    till.reserve(found, "run-1:1", 90)
    limit(till.surface, surface_day_nanos=None)
    limit(till.surface, surface_day_nanos=80)
    for entry in due_top_ups(AT + timedelta(2)):
        lapse_top_up(entry, AT + timedelta(2))
    assert verify() is None
    execute("UPDATE budgets_ledgerentry SET limit_nanos = 81 WHERE kind = 'limit' AND limit_nanos = 80")
    assert str(verify()) == f"account {found.surface_day}: limit_nanos is 80, its entries say 81"


def test_a_limit_that_was_lowered_below_what_is_spent_is_no_overshoot(till: Till) -> None:
    limit(till.surface, run_nanos=1000, surface_day_nanos=1000)
    found = till.accounts(Limits(run_nanos=1000, surface_day_nanos=1000))
    till.reserve(found, "run-1:1", 900)
    limit(till.surface, run_nanos=100)
    limit(till.surface, surface_day_nanos=100)
    assert till.reserve(found, "run-1:2", 1) is not None
    assert verify() is None


def test_a_reservation_above_the_limit_of_its_time_is_an_overshoot(till: Till) -> None:
    found = till.accounts(Limits(run_nanos=1000))
    till.reserve(found, "run-1:1", 900)
    top_up(account_id=found.run, amount_nanos=500, reason="more", actor="acme_admin")
    till.reserve(found, "run-1:2", 600)
    assert verify() is None
    # As if the top-up had come after the second reservation.
    execute("UPDATE budgets_ledgerentry SET id = id + 1000 WHERE kind = 'top_up'")
    guilty = LedgerEntry.objects.get(hold_id="run-1:2")
    assert verify() == Overshoot(account_id=found.run, entry_id=guilty.pk, nanos=500)
    kept = verify_and_keep(asked_by="test")
    assert (kept.overshoot_nanos, kept.of_tenants[str(till.tenant.pk)]["overshoot_nanos"]) == (500, 500)
    assert "above its limit" in kept.mismatch


def test_what_a_vendor_billed_above_a_hold_is_no_overshoot_but_kept(till: Till) -> None:
    found = till.accounts(Limits(run_nanos=1000))
    till.reserve(found, "run-1:1", 1000)
    till.settle(found, "run-1:1", 1700)
    kept = verify_and_keep(asked_by="test")
    assert (kept.mismatch, kept.overshoot_nanos, kept.overbilled_nanos) == ("", 0, 700)


@pytest.mark.parametrize(
    "change",
    ["settled_nanos = 61", "state = 'settled', settled_nanos = 0, closed_at = opened_at", "amount_nanos = 99"],
)
@pytest.mark.usefixtures("accounts")
def test_a_changed_hold_is_named(change: str) -> None:
    hold_id = "run-1:2" if change.startswith("state") else "run-1:1"
    execute(f"UPDATE budgets_hold SET {change} WHERE id = %s", hold_id)
    mismatch = verify()
    assert isinstance(mismatch, Mismatch)
    assert (mismatch.table, mismatch.row_id) == ("hold", hold_id)


@pytest.mark.usefixtures("accounts")
def test_a_lost_entry_is_noticed() -> None:
    execute("DELETE FROM budgets_ledgerentry WHERE hold_id = 'run-1:1'")
    assert verify() is not None


def test_a_lost_account_is_noticed_though_nothing_is_on_it(till: Till) -> None:
    found = till.accounts(Limits())
    till.reserve(found, "run-1:1", 0)
    execute("DELETE FROM budgets_account WHERE id = %s", found.tenant_month)
    assert verify() == Mismatch("account", str(found.tenant_month), "number of rows", 0, 1)


@pytest.mark.usefixtures("accounts")
def test_a_lost_hold_is_noticed() -> None:
    Hold.objects.filter(pk="run-1:1").delete()
    assert verify() is not None


@pytest.mark.usefixtures("accounts")
def test_whoever_waits_hears_of_each_stage() -> None:
    heard: list[str] = []
    verify_and_keep(asked_by="test", tell=heard.append)
    assert heard == list(STAGES)


@pytest.mark.usefixtures("db")
def test_an_empty_ledger_adds_up() -> None:
    assert verify_and_keep(asked_by="test").mismatch == ""
