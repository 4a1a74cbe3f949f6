"""A hold never outlives its run."""

from budgets.ledger import balances, reconcile, verify
from budgets.models import Hold
from budgets.tiers import Limits
from tests.budgets.conftest import AT, Till


def test_holds_whose_call_was_sent_are_charged_and_the_others_given_back(till: Till) -> None:
    accounts = till.accounts(Limits())
    for number in range(3):
        till.reserve(accounts, f"run-1:{number}", 100)
    till.settle(accounts, "run-1:0", 10)
    done = reconcile(run_id="run-1", sent={"run-1:1"}, at=AT)
    assert (done.charged, done.released) == (("run-1:1",), ("run-1:2",))
    assert {(each.spent_nanos, each.held_nanos) for each in balances(accounts)} == {(110, 0)}
    assert Hold.objects.get(pk="run-1:1").unreconciled
    assert verify() is None


def test_a_second_time_finds_nothing_to_do(till: Till) -> None:
    till.reserve(till.accounts(Limits()), "run-1:1", 100)
    reconcile(run_id="run-1", at=AT)
    again = reconcile(run_id="run-1", at=AT, sent={"run-1:1"})
    assert (again.charged, again.released) == ((), ())


def test_other_runs_keep_their_holds(till: Till) -> None:
    till.reserve(till.accounts(Limits()), "run-1:1", 100)
    reconcile(run_id="run-2", at=AT)
    assert Hold.objects.open().count() == 1
