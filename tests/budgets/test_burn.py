"""What was booked by the minute: whole minutes, exact sums, one query, along the indexes, and what is normal."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from budgets.burn import (
    Band,
    band_of,
    last_minutes,
    normal_band,
    spent_by_minute,
    spent_by_minute_of_runs,
    spent_by_runs,
)
from budgets.models import Hold, Tenant
from budgets.tiers import Limits
from tests.budgets.conftest import AT, USD, Till

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
EXPLAIN = {"postgresql": "EXPLAIN", "sqlite": "EXPLAIN QUERY PLAN"}


def book(till: Till, nanos: int, at: datetime, *, run_id: str = "run-1", state: str = "settled") -> None:
    """A call that was charged at this instant."""
    Hold.objects.create(
        id=f"h{Hold.objects.count()}",
        tenant=till.tenant,
        run_id=run_id,
        step=1,
        llm="rehearsal:search",
        amount_nanos=nanos,
        state=state,
        settled_nanos=nanos if state == "settled" else None,
        opened_at=at,
        closed_at=None if state == "open" else at,
    )


def test_a_charge_counts_in_the_minute_in_which_it_was_booked(till: Till) -> None:
    for seconds, nanos in ((0, 1), (59.999, 10), (60, 100), (179.5, 1_000), (180, 10_000)):
        book(till, nanos, AT + timedelta(seconds=seconds))
    found = spent_by_minute([till.tenant.pk], AT, AT + timedelta(minutes=3))
    assert found == {till.tenant.pk: (11, 100, 1_000)}


def test_what_is_held_or_was_released_is_no_spending(till: Till) -> None:
    book(till, USD, AT, state="open")
    book(till, USD, AT, state="released")
    assert spent_by_minute([till.tenant.pk], AT, AT + timedelta(minutes=1)) == {till.tenant.pk: (0,)}


def test_sums_of_many_dollars_stay_whole_nanos(till: Till) -> None:
    for _ in range(3):
        book(till, 3_000_000_000_000_000_001, AT)
    assert spent_by_minute([till.tenant.pk], AT, AT + timedelta(minutes=1)) == {
        till.tenant.pk: (9_000_000_000_000_000_003,)
    }


def test_a_call_that_the_ledger_settled_is_found(till: Till) -> None:
    accounts = till.accounts(Limits())
    assert till.reserve(accounts, "call", 50) is None
    till.settle(accounts, "call", 30, at=AT + timedelta(seconds=70))
    assert spent_by_minute([till.tenant.pk], AT, AT + timedelta(minutes=2)) == {till.tenant.pk: (0, 30)}


@pytest.mark.parametrize("minutes", [1, 20])
def test_the_last_minutes_end_with_this_second(minutes: int) -> None:
    since, until = last_minutes(AT + timedelta(milliseconds=400), minutes)
    assert (until - AT, until - since) == (timedelta(seconds=1), timedelta(minutes=minutes))


def test_many_runs_are_read_at_once(till: Till, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    now = AT + timedelta(milliseconds=250)
    book(till, 7, now, run_id="run-1")
    book(till, 5, now - timedelta(minutes=1), run_id="run-2")
    book(till, 9, now - timedelta(minutes=4), run_id="run-2")
    with django_assert_num_queries(1):
        found = spent_by_minute_of_runs(["run-1", "run-2", "run-3"], now, minutes=3)
    assert found == {"run-1": (0, 0, 7), "run-2": (0, 5, 0), "run-3": (0, 0, 0)}


def test_nobody_asks_for_nothing(till: Till, django_assert_num_queries: DjangoAssertNumQueries) -> None:  # noqa: ARG001
    with django_assert_num_queries(0):
        assert (spent_by_minute([], AT, AT), spent_by_minute_of_runs([], AT)) == ({}, {})


def test_the_dearest_runs_come_first(till: Till) -> None:
    for run_id, nanos in (("run-1", 5), ("run-2", 9), ("run-1", 6), ("run-3", 0)):
        book(till, nanos, AT, run_id=run_id)
    assert spent_by_runs(till.tenant.pk, AT, AT + HOUR, most=5) == [("run-1", 11), ("run-2", 9)]
    assert spent_by_runs(till.tenant.pk, AT, AT + HOUR, most=1) == [("run-1", 11)]


def test_without_three_days_behind_it_nobody_knows_what_is_normal(till: Till) -> None:
    book(till, 5, AT - 3 * DAY + timedelta(seconds=1))
    assert normal_band(till.tenant.pk, AT) is None
    book(till, 5, AT - 3 * DAY)
    assert normal_band(till.tenant.pk, AT) == Band(0, 0, 3)


def test_the_band_is_drawn_from_the_same_hour_of_each_day(till: Till) -> None:
    for number in range(1, 8):
        for minute in range(60):
            book(till, minute + 1, AT - number * DAY + timedelta(minutes=minute))
    book(till, 10**6, AT - DAY + HOUR)
    book(till, 10**6, AT - 2 * DAY - timedelta(seconds=1))
    assert normal_band(till.tenant.pk, AT) == Band(6, 54, 7)


def test_idle_minutes_count_towards_what_is_normal() -> None:
    assert band_of([100] * 40, minutes=60, days=3) == Band(0, 100, 3)
    assert band_of([100] * 5, minutes=60, days=3) == Band(0, 0, 3)
    assert band_of([], minutes=180, days=3) == Band(0, 0, 3)


@pytest.mark.parametrize("by", ["tenant", "run"])
def test_no_query_reads_the_whole_table(till: Till, by: str) -> None:
    """With thousands of holds, of which an hour's few are asked for."""
    other = Tenant.objects.create(slug="globex", name="Globex")
    Hold.objects.bulk_create(
        Hold(
            id=f"old-{number}",
            tenant=till.tenant if number % 2 else other,
            run_id=f"old-{number % 300}",
            step=1,
            llm="rehearsal:search",
            amount_nanos=5,
            state="settled",
            settled_nanos=5,
            opened_at=AT - timedelta(minutes=number),
            closed_at=AT - timedelta(minutes=number),
        )
        for number in range(6_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    with CaptureQueriesContext(connection) as asked:
        if by == "tenant":
            spent_by_minute([till.tenant.pk], AT - HOUR, AT)
        else:
            spent_by_minute_of_runs(["old-7", "old-8"], AT)
    with connection.cursor() as cursor:
        cursor.execute(f"{EXPLAIN[connection.vendor]} {asked[0]['sql']}")
        plan = str(cursor.fetchall())
    assert ("hold_closed" if by == "tenant" else "hold_of_run") in plan
