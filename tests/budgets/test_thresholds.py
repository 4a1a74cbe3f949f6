"""Thresholds fire once in a window, in the commit that reaches them, and the log hears only of what was committed."""

import logging
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from budgets.ledger import AccountSet, due_top_ups, lapse_top_up, thresholds, top_up
from budgets.ledger.thresholds import reached
from budgets.models import Account, BudgetAlert, Hold
from budgets.tiers import Limits
from tests.budgets.conftest import AT, Till
from tests.tier_edit import limit

pytestmark = pytest.mark.usefixtures("at_noon")
LIMITS = Limits(run_nanos=10_000, surface_day_nanos=1000, thresholds=(50, 80, 100))


@pytest.fixture
def accounts(till: Till) -> AccountSet:
    """A day of 1,000 nano-USD on the surface."""
    return till.accounts(LIMITS)


@pytest.fixture
def spend(till: Till, accounts: AccountSet) -> Callable[[int], None]:
    """Reserves and settles one call."""

    def pay(nanos: int) -> None:
        hold_id = f"run-1:{Hold.objects.count() + 1}"
        assert till.reserve(accounts, hold_id, nanos) is None
        till.settle(accounts, hold_id, nanos)

    return pay


def fired(accounts: AccountSet) -> list[tuple[int, int, int]]:
    """Percent, spent and limit of the alerts, in the order in which they fired."""
    alerts = BudgetAlert.objects.filter(account_id=accounts.surface_day).order_by("pk")
    return list(alerts.values_list("percent", "spent_nanos", "limit_nanos"))


@pytest.mark.parametrize(
    ("spent", "limit_nanos", "expected"),
    [
        (499, 1000, set()),
        (500, 1000, {50}),
        (1000, 1000, {50, 80, 100}),
        (2000, 1000, {50, 80, 100}),
        (500, None, set()),
        (0, 0, set()),
        (1, 0, {50, 80, 100}),
        (2**62, 2**62 + 1, {50, 80}),
    ],
)
def test_a_percentage_is_reached_exactly(spent: int, limit_nanos: int | None, expected: set[int]) -> None:
    assert reached("50,80,100", spent, limit_nanos) == expected
    assert reached("", spent, limit_nanos) == frozenset()


def test_each_percentage_fires_when_spending_reaches_it(accounts: AccountSet, spend: Callable[[int], None]) -> None:
    spend(499)
    assert fired(accounts) == []
    spend(1)
    spend(100)
    assert fired(accounts) == [(50, 500, 1000)]
    spend(400)
    assert fired(accounts) == [(50, 500, 1000), (80, 1000, 1000), (100, 1000, 1000)]


def test_what_is_only_held_fires_nothing(till: Till, accounts: AccountSet) -> None:
    till.reserve(accounts, "run-1:1", 900)
    assert fired(accounts) == []


def test_a_refusal_is_a_hundred_percent(till: Till, accounts: AccountSet) -> None:
    till.reserve(accounts, "run-1:1", 900)
    for attempt in (2, 3):
        assert till.reserve(accounts, f"run-1:{attempt}", 200) is not None
    assert fired(accounts) == [(100, 0, 1000)]


def test_a_refusal_that_was_taken_back_fires_nothing(till: Till, accounts: AccountSet) -> None:
    with till.books(accounts) as books:
        mark = books.mark()
        assert till.put(books, accounts, "run-1:1", 2000) is not None
        books.undo_to(mark)
    assert fired(accounts) == []


def test_a_run_and_a_session_tell_nobody(till: Till) -> None:
    found = till.accounts(Limits(run_nanos=100, session_nanos=100))
    assert till.reserve(found, "run-1:1", 200) is not None
    assert not BudgetAlert.objects.exists()


def test_after_a_top_up_the_raised_limit_counts_and_what_has_fired_stays_fired(
    accounts: AccountSet, spend: Callable[[int], None]
) -> None:
    spend(500)
    top_up(account_id=accounts.surface_day, amount_nanos=1000, reason="more", actor="acme_admin")
    spend(600)
    assert fired(accounts) == [(50, 500, 1000)]
    spend(500)
    assert fired(accounts) == [(50, 500, 1000), (80, 1600, 2000)]


def test_a_limit_that_is_lowered_below_what_is_spent_fires_at_the_edit(till: Till) -> None:
    limit(till.surface, run_nanos=100, surface_day_nanos=1000)
    found = till.accounts(Limits(run_nanos=100, surface_day_nanos=1000))
    till.reserve(found, "run-1:1", 90)
    till.settle(found, "run-1:1", 90)
    assert fired(found) == []
    limit(till.surface, surface_day_nanos=110)
    assert fired(found) == [(50, 90, 110), (80, 90, 110)]
    limit(till.surface, thresholds=[60, 100])
    assert [percent for percent, _, _ in fired(found)] == [50, 80, 60]


def test_a_top_up_that_lapses_takes_what_is_spent_across(accounts: AccountSet, spend: Callable[[int], None]) -> None:
    top_up(
        account_id=accounts.surface_day, amount_nanos=1000, reason="m", actor="a", at=AT, expires_at=AT + timedelta(1)
    )
    spend(900)
    assert fired(accounts) == []
    for entry in due_top_ups(AT + timedelta(2)):
        lapse_top_up(entry, AT + timedelta(2))
    assert fired(accounts) == [(50, 900, 1000), (80, 900, 1000)]


def test_no_statement_while_nothing_is_reached(spend: Callable[[int], None], monkeypatch: pytest.MonkeyPatch) -> None:
    spend(600)
    monkeypatch.setattr(thresholds, "fetch", lambda *_: pytest.fail("asked the database"))
    spend(100)


@pytest.mark.django_db(transaction=True)
def test_the_log_hears_once_and_only_of_what_was_committed(
    till: Till, accounts: AccountSet, spend: Callable[[int], None], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="budgets")
    with transaction.atomic():
        till.reserve(accounts, "run-1:9", 2000)
        transaction.set_rollback(True)
    spend(500)
    top_up(account_id=accounts.surface_day, amount_nanos=1000, reason="more", actor="acme_admin")
    spend(600)
    told = [record for record in caplog.records if record.message == "budget.threshold"]
    assert [(vars(each)["tenant"], vars(each)["percent"], vars(each)["spent_nanos"]) for each in told] == [
        ("acme", 50, 500)
    ]


def test_the_row_itself_refuses_what_the_books_should_have_refused(
    till: Till, accounts: AccountSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("budgets.ledger.books._refusal", lambda *_: None)
    with pytest.raises(IntegrityError), transaction.atomic():
        till.reserve(accounts, "run-1:1", 1001)
    assert not Hold.objects.exists()
    assert till.reserve(accounts, "run-1:2", 1000) is None


def test_the_second_fence_lets_a_vendor_bill_above_a_limit_in_the_group_that_admitted(
    till: Till, accounts: AccountSet
) -> None:
    with till.books(accounts) as books:
        till.put(books, accounts, "run-1:1", 1000)
        assert books.settle(hold_id="run-1:1", cost_nanos=1500, usage=None, at=AT).over_ceiling
    assert Account.objects.get(pk=accounts.surface_day).spent_nanos == 1500
