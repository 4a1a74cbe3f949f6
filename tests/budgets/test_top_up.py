"""More money for one account, with a reason."""

import pytest

from budgets.ledger import LedgerError, top_up, verify
from budgets.models import LedgerEntry
from budgets.tiers import Limits
from tests.budgets.conftest import USD, Till


def test_a_top_up_lets_the_refused_call_go(till: Till) -> None:
    accounts = till.accounts(Limits(run_nanos=100))
    assert till.reserve(accounts, "run-1:1", 150) is not None
    top_up(account_id=accounts.run, amount_nanos=50, reason=" more ", actor="acme_admin")
    assert till.reserve(accounts, "run-1:1", 150) is None
    entry = LedgerEntry.objects.get(kind="top_up")
    assert (entry.limit_delta_nanos, entry.reason, entry.actor) == (50, "more", "acme_admin")
    assert verify() is None


@pytest.mark.parametrize("nanos", [0, -1, 10**18 + 1])
def test_an_amount_that_adds_nothing_is_refused(till: Till, nanos: int) -> None:
    accounts = till.accounts(Limits(run_nanos=USD))
    with pytest.raises(LedgerError):
        top_up(account_id=accounts.run, amount_nanos=nanos, reason="more", actor="acme_admin")


def test_a_top_up_needs_a_reason_and_an_account_with_a_limit(till: Till) -> None:
    accounts = till.accounts(Limits(run_nanos=USD))
    with pytest.raises(LedgerError, match="reason"):
        top_up(account_id=accounts.run, amount_nanos=1, reason=" ", actor="acme_admin")
    with pytest.raises(LedgerError, match="no limit"):
        top_up(account_id=accounts.tenant_day, amount_nanos=1, reason="more", actor="acme_admin")
    with pytest.raises(LedgerError, match="no account"):
        top_up(account_id=0, amount_nanos=1, reason="more", actor="acme_admin")
