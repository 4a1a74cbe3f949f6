"""What past calls would have cost: exact at the price they had, honest about what is left out."""

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from budgets.ledger import verify
from budgets.prices import TOOL
from budgets.pricing import PriceSnapshot, Rates, Usage, cost_nanos
from budgets.recost import MOST_CALLS, BookedCall, booked_calls, recost
from budgets.tiers import Limits
from tests.budgets.conftest import AT, USD, Till
from tests.budgets.test_pricing import any_rates, any_usage

OLD = Rates.flat(input=2 * USD, output=8 * USD)
DOUBLE = Rates.flat(input=4 * USD, output=16 * USD)
MILLION = Usage(1_000_000, 0)


def call(run_id: str, usage: Usage | None = MILLION, cost: int = 2 * USD, requests: int = 1) -> BookedCall:
    """A call that was charged."""
    return BookedCall(1, run_id, cost, usage, requests)


@given(any_rates(), st.lists(st.tuples(any_usage(), st.integers(1, 3), st.integers(1, 4)), max_size=20))
def test_at_the_same_price_the_sums_are_what_was_booked(rates: Rates, calls: list[tuple[Usage, int, int]]) -> None:
    booked = [
        BookedCall(1, f"run-{run}", cost_nanos(usage, rates) + (requests - 1) * rates.per_request, usage, requests)
        for usage, run, requests in calls
    ]
    found = recost(booked, rates)
    assert found.recost_nanos == found.booked_nanos == sum(each.cost_nanos for each in booked)
    assert (found.change_nanos, found.runs, found.calls) == (0, (), len(booked))


@given(any_rates(), st.lists(st.tuples(any_usage(), any_rates(), st.integers(1, 9)), max_size=20))
def test_the_sum_is_that_of_the_single_calls(rates: Rates, calls: list[tuple[Usage, Rates, int]]) -> None:
    booked = [call(f"run-{run}", usage, cost_nanos(usage, old)) for usage, old, run in calls]
    assert recost(booked, rates).recost_nanos == sum(cost_nanos(usage, rates) for usage, _, _ in calls)


def test_the_runs_that_change_most_come_first_and_those_that_do_not_are_left_out() -> None:
    booked = [call(f"run-{n}") for n in range(8) for _ in range(n)]
    booked.append(call("same", Usage(0, 0), 0))
    found = recost(booked, DOUBLE)
    assert [(run.run_id, run.change_nanos // USD) for run in found.runs] == [
        (f"run-{n}", 2 * n) for n in (7, 6, 5, 4, 3)
    ]
    assert found.change_nanos == 28 * 2 * USD


def test_calls_that_were_charged_by_estimate_are_counted_apart() -> None:
    found = recost([call("a"), call("a", None, 7), call("b", None, 5)], DOUBLE)
    assert (found.calls, found.booked_nanos, found.recost_nanos) == (1, 2 * USD, 4 * USD)
    assert (found.estimated_calls, found.estimated_nanos) == (2, 12)


def test_no_more_calls_are_read_than_are_counted() -> None:
    endless = (call("a") for _ in itertools.count())
    found = recost(endless, DOUBLE, most=10)
    assert (found.calls, found.is_cut) == (10, True)
    assert not recost([call("a")] * 10, DOUBLE, most=10).is_cut


Book = Callable[..., None]


@pytest.fixture
def book(till: Till) -> Book:
    """Books a call through the ledger: reserved, then settled."""
    numbers = itertools.count()

    def settled(
        llm: str,
        usage: Usage | None,
        *,
        run_id: str = "run-1",
        rates: Rates = OLD,
        cost: int = 0,
        estimated: bool = False,
    ) -> None:
        accounts, hold_id = till.accounts(Limits(), run_id=run_id), f"{run_id}:{next(numbers)}"
        with till.books(accounts) as books:
            books.reserve(
                hold_id=hold_id,
                accounts=accounts,
                amount_nanos=USD,
                tenant_id=till.tenant.pk,
                run_id=run_id,
                step=1,
                llm=llm,
                price=PriceSnapshot(rates, "test list", "1"),
                at=AT,
            )
        charged = cost or cost_nanos(usage or Usage(0, 0), rates)
        with till.books(accounts, hold_id) as books:
            books.settle(hold_id=hold_id, cost_nanos=charged, usage=usage, at=AT, unreconciled=estimated)

    return settled


def at_price(llm: str, rates: Rates = OLD, since: str = "run-1") -> tuple[int, int, int, int]:
    """Calls, booked, at these rates, and calls charged by estimate."""
    found = recost(booked_calls(llm, first_run_id=since), rates)
    return found.calls, found.booked_nanos, found.recost_nanos, found.estimated_calls


def test_what_the_ledger_booked_comes_out_again_at_the_same_price(book: Book) -> None:
    tiered = Rates.from_json(
        {"input": 3, "output": 5, "per_request": 7, "tiers": [{"above_input_tokens": 99, "input": 11, "output": 13}]}
    )
    for usage in (Usage(99, 5), Usage(100, 5, 40, 10, 3), Usage(0, 0), Usage(1_000_001, 333)):
        book("own:llm", usage, rates=tiered)
    calls, booked, again, estimated = at_price("own:llm", tiered)
    assert (calls, again, estimated) == (4, booked, 0)
    assert booked > 0
    assert verify() is None


def test_a_call_without_reported_usage_is_not_recosted(book: Book) -> None:
    book("own:llm", None, cost=9, estimated=True)
    book("own:llm", Usage(10, 10), cost=9, estimated=True)
    assert at_price("own:llm") == (0, 0, 0, 2)


def test_a_misbehaving_rehearsal_has_the_price_of_the_plain_one(book: Book) -> None:
    book("rehearsal:search", MILLION)
    book("rehearsal:search+loop+slow=5", MILLION)
    book("rehearsal:search-other", MILLION)
    book("own:search", MILLION)
    book("own:search+x", MILLION)
    assert at_price("rehearsal:search", DOUBLE) == (2, 4 * USD, 8 * USD, 0)
    assert at_price("own:search", DOUBLE) == (1, 2 * USD, 4 * USD, 0)


def test_older_runs_and_open_calls_are_left_out(book: Book, till: Till) -> None:
    book("rehearsal:search", MILLION, run_id="run-0")
    book("rehearsal:search", MILLION, run_id="run-1")
    till.reserve(till.accounts(Limits()), "open", 100)
    assert at_price("rehearsal:search") == (1, 2 * USD, 2 * USD, 0)


def test_a_tools_fee_is_due_for_each_attempt(book: Book) -> None:
    fee, dearer = (Rates.flat(input=0, output=0, per_request=nanos) for nanos in (50, 70))
    book(TOOL + "fetch", Usage(0, 0), rates=fee, cost=150)
    book(TOOL + "fetch", Usage(0, 0), rates=fee, cost=50)
    assert at_price(TOOL + "fetch", fee) == (2, 200, 200, 0)
    assert at_price(TOOL + "fetch", dearer) == (2, 200, 280, 0)


def test_the_calls_are_read_in_one_bounded_query(book: Book, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    book("own:llm", MILLION)
    with django_assert_num_queries(1) as asked:
        list(booked_calls("own:llm", first_run_id="run-1"))
    assert f"LIMIT {MOST_CALLS + 1}" in asked.captured_queries[0]["sql"]
