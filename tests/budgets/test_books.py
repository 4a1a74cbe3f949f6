"""Reserve, settle and release: decided on locked rows, all or nothing, written once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError

from budgets import hot_sql
from budgets.hot_values import Rows, Write
from budgets.ledger import (
    AccountBalance,
    AccountNotLocked,
    AccountSet,
    Books,
    HoldExists,
    LedgerError,
    UnknownHold,
    balances,
    run_spend,
    verify,
)
from budgets.models import Hold, LedgerEntry
from budgets.pricing import Usage
from budgets.tiers import SCOPES, Limits, Scope
from tests.budgets.conftest import AT, PRICE, USD, Till

LIMITS = Limits(run_nanos=USD, user_day_nanos=5 * USD)


def standing(accounts: AccountSet) -> set[tuple[int, int]]:
    """What the accounts say: (spent, held), one pair when all agree."""
    return {(balance.spent_nanos, balance.held_nanos) for balance in balances(accounts)}


def of_scope(accounts: AccountSet, scope: Scope) -> AccountBalance:
    """The balance of one scope."""
    return next(balance for balance in balances(accounts) if balance.scope == scope)


def test_a_hold_counts_on_every_account_and_its_settlement_replaces_it(till: Till) -> None:
    accounts = till.accounts(LIMITS)
    assert till.reserve(accounts, "run-1:1", USD // 2) is None
    assert standing(accounts) == {(0, USD // 2)}
    assert till.settle(accounts, "run-1:1", USD // 5).booked
    assert standing(accounts) == {(USD // 5, 0)}
    assert verify() is None


def test_a_hold_keeps_what_was_charged_and_at_which_price(till: Till) -> None:
    accounts = till.accounts(LIMITS)
    till.reserve(accounts, "run-1:1", USD // 2)
    with till.books(accounts, "run-1:1") as books:
        books.settle(
            hold_id="run-1:1",
            cost_nanos=5,
            usage=Usage(10, 2),
            vendor_usage={"prompt_tokens": 10},
            at=AT + timedelta(seconds=3),
        )
    hold = Hold.objects.get()
    assert (hold.state, hold.amount_nanos, hold.settled_nanos) == ("settled", USD // 2, 5)
    assert (hold.opened_at, hold.closed_at) == (AT, AT + timedelta(seconds=3))
    assert hold.usage == Usage(10, 2).as_json()
    assert hold.vendor_usage == {"prompt_tokens": 10}
    assert hold.price == PRICE.as_json()
    assert hold.account_ids() == accounts.ids
    assert (hold.unreconciled, hold.over_ceiling) == (False, False)


@pytest.mark.parametrize("scope", SCOPES)
def test_each_account_can_refuse_and_then_nothing_changes(till: Till, scope: Scope) -> None:
    limits: dict[str, Any] = {f"{scope}_nanos": USD}
    accounts = till.accounts(Limits(**limits))
    assert till.reserve(accounts, "run-1:1", USD) is None
    refusal = till.reserve(accounts, "run-1:2", 1)
    assert refusal is not None
    assert (refusal.scope, refusal.limit_nanos, refusal.held_nanos, refusal.asked_nanos) == (
        scope,
        USD,
        USD,
        1,
    )
    assert standing(accounts) == {(0, USD)}
    assert Hold.objects.count() == LedgerEntry.objects.count() == 1


def test_the_last_nano_may_be_reserved_and_not_one_more(till: Till) -> None:
    accounts = till.accounts(LIMITS)
    assert till.reserve(accounts, "run-1:1", USD + 1) is not None
    assert till.reserve(accounts, "run-1:1", USD) is None


def test_a_refusal_names_the_account_with_the_least_left_and_when_it_starts_afresh(till: Till) -> None:
    accounts = till.accounts(replace(LIMITS, user_day_nanos=USD // 2))
    refusal = till.reserve(accounts, "run-1:1", 2 * USD)
    assert refusal is not None
    assert (refusal.scope, refusal.resets_at) == ("user_day", accounts.valid_until)


def test_an_account_without_a_limit_takes_everything_and_counts_it(till: Till) -> None:
    accounts = till.accounts(Limits())
    assert till.reserve(accounts, "run-1:1", 10**15) is None
    assert of_scope(accounts, "tenant_month").held_nanos == 10**15


def test_settling_twice_books_once(till: Till) -> None:
    accounts = till.accounts(LIMITS)
    till.reserve(accounts, "run-1:1", 100)
    assert till.settle(accounts, "run-1:1", 60).booked
    assert not till.settle(accounts, "run-1:1", 70).booked
    assert standing(accounts) == {(60, 0)}
    assert LedgerEntry.objects.filter(kind="settle").count() == 1


def test_settling_twice_in_one_group_books_once(till: Till) -> None:
    accounts = till.accounts(LIMITS)
    till.reserve(accounts, "run-1:1", 100)
    with till.books(accounts, "run-1:1") as books:
        booked = [books.settle(hold_id="run-1:1", cost_nanos=cost, usage=None, at=AT).booked for cost in (60, 70)]
    assert booked == [True, False]
    assert standing(accounts) == {(60, 0)}


def test_a_released_hold_gives_everything_back_and_cannot_be_settled(till: Till) -> None:
    accounts = till.accounts(LIMITS)
    till.reserve(accounts, "run-1:1", 100)
    with till.books(accounts, "run-1:1") as books:
        assert books.release(hold_id="run-1:1", at=AT)
        assert not books.release(hold_id="run-1:1", at=AT)
    assert not till.settle(accounts, "run-1:1", 60).booked
    assert standing(accounts) == {(0, 0)}
    assert Hold.objects.get().price == PRICE.as_json()
    assert verify() is None


def test_a_vendor_that_bills_above_the_hold_is_booked_in_full_and_flagged(till: Till) -> None:
    accounts = till.accounts(LIMITS)
    till.reserve(accounts, "run-1:1", USD)
    settlement = till.settle(accounts, "run-1:1", 3 * USD)
    assert (settlement.booked, settlement.over_ceiling) == (True, True)
    assert Hold.objects.get().over_ceiling
    assert standing(accounts) == {(3 * USD, 0)}
    assert till.reserve(accounts, "run-1:2", 0) is not None
    assert verify() is None


@pytest.mark.parametrize("reported", [float("nan"), "nul \x00", "half \ud800 pair"])
def test_usage_that_nobody_can_believe_charges_the_whole_hold(till: Till, reported: object) -> None:
    accounts = till.accounts(LIMITS)
    till.reserve(accounts, "run-1:1", 100)
    with till.books(accounts, "run-1:1") as books:
        books.settle_in_full(hold_id="run-1:1", vendor_usage={"prompt_tokens": reported}, at=AT)
    hold = Hold.objects.get()
    assert (hold.settled_nanos, hold.unreconciled, hold.usage) == (100, True, None)
    assert list(hold.vendor_usage or ()) == ["unreadable"]


def test_a_hold_settles_into_the_day_that_it_was_reserved_in(till: Till) -> None:
    today = till.accounts(LIMITS)
    till.reserve(today, "run-1:1", 100)
    late = AT + timedelta(days=1)
    tomorrow = till.accounts(LIMITS, at=late)
    till.settle(tomorrow, "run-1:1", 60, at=late)
    assert of_scope(today, "user_day").spent_nanos == 60
    assert of_scope(tomorrow, "user_day").spent_nanos == 0
    assert of_scope(tomorrow, "tenant_month").spent_nanos == 60
    assert verify() is None


def test_reserve_and_settle_of_one_hold_may_share_the_books(till: Till) -> None:
    accounts = till.accounts(LIMITS)
    with till.books(accounts) as books:
        till.put(books, accounts, "run-1:1", 100)
        assert books.settle(hold_id="run-1:1", cost_nanos=40, usage=Usage(1, 1), at=AT).booked
    assert standing(accounts) == {(40, 0)}
    assert [entry.kind for entry in LedgerEntry.objects.order_by("id")] == ["reserve", "settle"]
    assert Hold.objects.get().state == "settled"
    assert verify() is None


def test_a_batch_taken_back_leaves_the_others_standing(till: Till) -> None:
    accounts = till.accounts(LIMITS)
    till.reserve(accounts, "run-1:1", 100)
    with till.books(accounts, "run-1:1") as books:
        till.put(books, accounts, "run-2:1", 10, run_id="run-2")
        mark = books.mark()
        books.settle(hold_id="run-1:1", cost_nanos=60, usage=None, at=AT)
        till.put(books, accounts, "run-1:2", 20)
        books.settle(hold_id="run-1:2", cost_nanos=5, usage=None, at=AT)
        books.undo_to(mark)
        till.put(books, accounts, "run-3:1", 1, run_id="run-3")
    assert standing(accounts) == {(0, 111)}
    assert set(Hold.objects.open().values_list("id", flat=True)) == {"run-1:1", "run-2:1", "run-3:1"}
    assert verify() is None


def test_books_may_be_closed_twice_and_write_each_movement_once(till: Till) -> None:
    accounts = till.accounts(LIMITS)
    with till.books(accounts) as books:
        till.put(books, accounts, "run-1:1", 100)
        books.close()
        books.settle(hold_id="run-1:1", cost_nanos=40, usage=None, at=AT)
    assert standing(accounts) == {(40, 0)}
    assert verify() is None


def test_a_group_takes_the_same_statements_whatever_its_size(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts = till.accounts(Limits())
    sent: list[str] = []
    run, hear = hot_sql._run, hot_sql.Asked.__init__

    def counting(writes: Sequence[Write]) -> None:
        sent.extend(statement for statement, _ in writes)
        run(writes)

    def hearing(asked: hot_sql.Asked, cursor: Rows) -> None:
        sent.append("a query")
        hear(asked, cursor)

    monkeypatch.setattr(hot_sql, "_run", counting)
    monkeypatch.setattr(hot_sql.Asked, "__init__", hearing)

    def statements(size: int, before: str, now: str) -> int:
        old = [f"{before}:{number}" for number in range(size)]
        sent.clear()
        with till.books(accounts, *old) as books:
            for number, hold_id in enumerate(old):
                books.settle(hold_id=hold_id, cost_nanos=1, usage=None, at=AT)
                till.put(books, accounts, f"{now}:{number}", 1)
        return len(sent)

    with till.books(accounts) as books:
        for number in range(60):
            till.put(books, accounts, f"a:{number}", 1)
    assert statements(1, "a", "b") == 6
    assert statements(40, "a", "c") == 6


def test_a_hold_id_is_used_once(till: Till) -> None:
    accounts = till.accounts(LIMITS)
    with till.books(accounts) as books:
        till.put(books, accounts, "run-1:1", 100)
        with pytest.raises(HoldExists):
            till.put(books, accounts, "run-1:1", 100)
    with pytest.raises(IntegrityError):
        till.reserve(accounts, "run-1:1", 100)


def test_what_was_not_locked_is_not_touched(till: Till) -> None:
    accounts = till.accounts(LIMITS)
    others = till.accounts(LIMITS, run_id="run-2", user="bob", session="")
    with till.books(accounts) as books:
        with pytest.raises(AccountNotLocked):
            till.put(books, others, "run-2:1", 1)
        with pytest.raises(UnknownHold):
            books.settle(hold_id="run-1:9", cost_nanos=1, usage=None, at=AT)
        with pytest.raises(UnknownHold):
            books.release(hold_id="run-1:9", at=AT)
    assert standing(accounts) == {(0, 0)}


@pytest.mark.parametrize("amount", [-1, 10**18 + 1, 1.0, float("nan"), True])
def test_an_amount_that_is_none_is_refused(till: Till, amount: Any) -> None:
    accounts = till.accounts(LIMITS)
    with till.books(accounts) as books, pytest.raises(LedgerError):
        till.put(books, accounts, "run-1:1", amount)


@pytest.mark.django_db(transaction=True)
def test_books_outside_a_transaction_are_refused() -> None:
    with pytest.raises(LedgerError):
        Books.open(account_ids=(), hold_ids=())


def test_a_run_knows_what_it_spent_and_holds(till: Till) -> None:
    accounts = till.accounts(Limits())
    for number in range(3):
        till.reserve(accounts, f"run-1:{number}", 100)
    till.settle(accounts, "run-1:0", 60)
    till.settle(accounts, "run-1:1", 7)
    spend = run_spend("run-1")
    assert (spend.spent_nanos, spend.held_nanos, spend.calls, spend.unreconciled) == (67, 100, 2, 0)
    assert run_spend("nobody").spent_nanos == 0
