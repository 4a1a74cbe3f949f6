"""Many at once against one cap: never a nano too much, no deadlock, and the books balance afterwards."""

import logging
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from budgets.ledger import AccountSet, balances, verify
from budgets.models import BudgetAlert, Hold
from budgets.tiers import Limits
from tests.budgets.conftest import AT, USD, Till

THREADS = 16
CALLERS = 64
SEED = 20261122


@pytest.fixture
def till(transactional_db: None, till: Till) -> Till:  # noqa: ARG001
    """The same till, with real commits."""
    return till


def at_once(work: Callable[[int], int], threads: int = THREADS) -> list[int]:
    """Runs work(0), work(1) ... in threads that start together, each with a connection of its own."""
    barrier = Barrier(threads)

    def run(number: int) -> int:
        try:
            barrier.wait(timeout=60)
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(threads)))


def test_of_64_calls_against_a_cap_for_ten_exactly_ten_are_admitted(till: Till) -> None:
    limits = Limits(tenant_day_nanos=USD)
    sets = [till.accounts(limits, run_id=f"run-{number}") for number in range(CALLERS)]

    def ask(number: int) -> int:
        return till.reserve(sets[number], f"run-{number}:1", USD // 10) is None

    assert sum(at_once(ask, CALLERS)) == 10
    day = next(each for each in balances(sets[0]) if each.scope == "tenant_day")
    assert (day.held_nanos, day.spent_nanos) == (USD, 0)
    assert Hold.objects.count() == 10
    assert verify() is None


def test_groups_over_the_same_accounts_in_any_order_neither_deadlock_nor_lose_a_nano(till: Till) -> None:
    sets = [till.accounts(Limits(), run_id=f"run-{number}", user=f"user-{number % 3}") for number in range(THREADS)]

    def spend(number: int) -> int:
        order = random.Random(SEED + number)
        for turn in range(5):
            mine = order.sample(range(THREADS), 4)
            _group(till, sets, mine, f"{number}:{turn}")
        return 5 * 4

    assert sum(at_once(spend)) == Hold.objects.count()
    month = next(each for each in balances(sets[0]) if each.scope == "tenant_month")
    assert (month.held_nanos, month.spent_nanos) == (0, 7 * Hold.objects.count())
    assert verify() is None


def test_a_threshold_that_sixteen_reach_at_once_fires_once(till: Till, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="budgets.ledger.thresholds")
    limits = Limits(tenant_day_nanos=160, thresholds=(1, 50, 100))
    sets = [till.accounts(limits, run_id=f"run-{number}") for number in range(THREADS)]

    def spend(number: int) -> int:
        for call in range(2):
            assert till.reserve(sets[number], f"run-{number}:{call}", 5) is None
            till.settle(sets[number], f"run-{number}:{call}", 5)
        return till.reserve(sets[number], f"run-{number}:more", 200) is not None

    assert sum(at_once(spend)) == THREADS
    assert sorted(BudgetAlert.objects.values_list("percent", flat=True)) == [1, 50, 100]
    assert len(caplog.records) == 3


def test_sixteen_that_open_the_same_accounts_get_the_same(till: Till) -> None:
    runs = at_once(lambda _number: till.accounts(Limits()).run)
    assert len(set(runs)) == 1


def test_sixteen_that_settle_the_same_hold_book_it_once(till: Till) -> None:
    accounts = till.accounts(Limits())
    till.reserve(accounts, "run-1:1", 100)
    assert sum(at_once(lambda number: till.settle(accounts, "run-1:1", number).booked)) == 1
    assert verify() is None


def _group(till: Till, sets: list[AccountSet], runs: list[int], name: str) -> None:
    """Reserves for several runs in one group and settles them in the next."""
    widest = [account_id for run in runs for account_id in sets[run].ids]
    holds = [f"{name}:{run}" for run in runs]
    with till.group(widest) as books:
        for run, hold_id in zip(runs, holds, strict=True):
            assert till.put(books, sets[run], hold_id, 10, run_id=f"run-{run}") is None
    with till.group((), *reversed(holds)) as books:
        for hold_id in holds:
            assert books.settle(hold_id=hold_id, cost_nanos=7, usage=None, at=AT).booked
