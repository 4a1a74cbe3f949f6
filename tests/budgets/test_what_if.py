"""What other limits would have done to recorded calls: no database."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgets.what_if import Call, Launch, Standing, refused_launches, replay

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
RUN, DAY = 1, 2


def at(seconds: int) -> datetime:
    return START + timedelta(seconds=seconds)


def call(number: int, amount: int, settled: int, **given: object) -> Call:
    """Call `number` of a run, from second `number` on, closed half a second later."""
    usual = Call(
        hold_id=f"h{number:05}",
        run_id="r",
        step=number,
        accounts=(RUN,),
        opened_at=at(number),
        closed_at=at(number) + timedelta(milliseconds=500),
        amount_nanos=amount,
        settled_nanos=settled,
        smallest_nanos=lambda: amount,
    )
    return usual._replace(**given)  # type: ignore[arg-type]  # given by name


def limit(nanos: int | None, spent: int = 0) -> Standing:
    return Standing(((None, nanos),), spent)


def test_a_run_is_stopped_at_its_first_call_that_does_not_fit() -> None:
    calls = [call(number, 30, 20) for number in range(1, 6)]
    found = replay(calls, {RUN: limit(60)})
    stop = found.stops["r"]
    assert (stop.step, stop.hold_id, stop.at, stop.account_id) == (3, "h00003", at(3), RUN)
    assert stop.unspent_nanos == found.unspent_nanos == 60
    assert found.spent_nanos == {RUN: 40}


def test_later_calls_of_a_stopped_run_leave_the_money_to_others() -> None:
    calls = [
        call(1, 50, 50, accounts=(RUN, DAY)),
        call(2, 80, 80, accounts=(RUN, DAY)),
        call(3, 60, 60, accounts=(DAY,), run_id="other"),
    ]
    assert set(replay(calls, {RUN: limit(100), DAY: limit(110)}).stops) == {"r"}
    assert set(replay(calls, {RUN: limit(None), DAY: limit(110)}).stops) == {"r"}
    assert set(replay(calls, {RUN: limit(None), DAY: limit(130)}).stops) == {"other"}


def test_what_is_held_counts_until_it_is_settled() -> None:
    first = call(1, 60, 10, run_id="a", accounts=(DAY,))
    beside = call(2, 60, 10, run_id="b", accounts=(DAY,))
    assert not replay([first, beside], {DAY: limit(100)}).stops
    assert set(replay([first._replace(closed_at=at(3)), beside], {DAY: limit(100)}).stops) == {"b"}
    assert set(replay([first._replace(closed_at=None), beside], {DAY: limit(100)}).stops) == {"b"}


def test_a_call_that_closes_when_another_opens_has_made_room() -> None:
    first = call(1, 100, 10, run_id="a", accounts=(DAY,), closed_at=at(2))
    assert not replay([call(2, 90, 0, run_id="b", accounts=(DAY,)), first], {DAY: limit(100)}).stops


def test_a_call_that_fits_with_a_smaller_answer_goes_on_and_costs_no_more_than_was_left() -> None:
    shortened = replay([call(1, 90, 80, smallest_nanos=lambda: 20)], {RUN: limit(50)})
    assert (shortened.stops, shortened.shortened, shortened.shorter_nanos) == ({}, 1, 30)
    assert shortened.spent_nanos == {RUN: 50}
    untouched = replay([call(1, 90, 30, smallest_nanos=lambda: 20)], {RUN: limit(50)})
    assert (untouched.shortened, untouched.unspent_nanos) == (0, 0)


def test_what_was_spent_before_counts() -> None:
    assert set(replay([call(1, 30, 30)], {RUN: limit(50, spent=21)}).stops) == {"r"}
    assert not replay([call(1, 30, 30)], {RUN: limit(50, spent=20)}).stops


def test_a_limit_holds_from_its_instant_on() -> None:
    account = Standing(((None, 30), (at(2), 60), (at(4), 30)))
    found = replay([call(number, 20, 10) for number in (1, 3, 5)], {RUN: account})
    assert found.stops["r"].step == 5


@dataclass
class Recorded:
    """A history as the ledger makes it: what was admitted against limits that shared accounts had."""

    calls: list[Call]
    accounts: dict[int, Standing]


@st.composite
def histories(draw: st.DrawFn, *, shared: bool = True) -> Recorded:
    """Calls in real order, admitted by the ledger's rule against the limits at the time; no vendor overbills."""
    runs = draw(st.integers(1, 5))
    limits: dict[int, int | None] = {run: draw(st.none() | st.integers(0, 300)) for run in range(1, runs + 1)}
    if shared:
        limits[0] = draw(st.none() | st.integers(0, 600))
    used = dict.fromkeys(limits, 0)
    calls: list[Call] = []
    for number in range(draw(st.integers(0, 25))):
        run, amount = draw(st.integers(1, runs)), draw(st.integers(0, 100))
        accounts = (run, 0) if shared else (run,)
        if any(limits[each] is not None and used[each] + amount > (limits[each] or 0) for each in accounts):
            continue
        settled = draw(st.integers(0, amount))
        for each in accounts:
            used[each] += settled
        smallest = draw(st.integers(0, amount))
        calls.append(
            call(number, amount, settled, run_id=str(run), accounts=accounts, smallest_nanos=partial(int, smallest))
        )
    return Recorded(calls, {each: limit(nanos) for each, nanos in limits.items()})


@given(histories())
def test_with_the_limits_that_really_held_nothing_is_stopped(recorded: Recorded) -> None:
    found = replay(recorded.calls, recorded.accounts)
    assert found.stops == {}
    assert found.unspent_nanos == 0
    assert sum(found.spent_nanos.values()) == sum(c.settled_nanos * len(c.accounts) for c in recorded.calls)


@given(histories(), st.integers(0, 300), st.integers(0, 300))
def test_no_account_is_ever_spent_past_its_hypothetical_limit(recorded: Recorded, runs: int, day: int) -> None:
    accounts = {each: limit(day if each == 0 else runs) for each in recorded.accounts}
    found = replay(recorded.calls, accounts)
    for account_id, spent_nanos in found.spent_nanos.items():
        assert spent_nanos <= (accounts[account_id].limit_at(START) or 0)
    really = sum(each.settled_nanos for each in recorded.calls)
    replayed = found.spent_nanos[0]
    assert replayed + found.unspent_nanos == really


@given(histories(shared=False), st.integers(0, 300), st.integers(0, 300))
def test_a_lower_limit_of_each_run_stops_at_least_the_same_runs_no_later(
    recorded: Recorded, one: int, other: int
) -> None:
    lower, higher = sorted((one, other))
    strict = replay(recorded.calls, dict.fromkeys(recorded.accounts, limit(lower))).stops
    lax = replay(recorded.calls, dict.fromkeys(recorded.accounts, limit(higher))).stops
    assert set(lax) <= set(strict)
    assert all(strict[run_id].at <= stop.at for run_id, stop in lax.items())


def test_a_lower_limit_that_runs_share_may_stop_fewer_of_them() -> None:
    """Not a fault: it stops the dear one at once, which had left nothing to three cheap ones."""
    dear = call(1, 100, 100, run_id="dear", accounts=(DAY,))
    cheap = [call(number, 10, 10, run_id=f"cheap-{number}", accounts=(DAY,)) for number in (2, 3, 4)]
    assert len(replay([dear, *cheap], {DAY: limit(100)}).stops) == 3
    assert set(replay([dear, *cheap], {DAY: limit(99)}).stops) == {"dear"}


def test_fifty_thousand_calls_take_less_than_a_second() -> None:
    calls = [
        call(n, 30, 20, run_id=str(n // 10), accounts=(n // 10, -1, -2, -3), smallest_nanos=lambda: 5)
        for n in range(50_000)
    ]
    accounts = {each: limit(150) for each in range(5_000)} | {each: limit(10**9) for each in (-1, -2, -3)}
    began = time.thread_time()
    found = replay(calls, accounts)
    assert time.thread_time() - began < 1
    assert len(found.stops) == 5_000


# Launches ------------------------------------------------------------------------------------------------------


def launches(*spans: tuple[int, int | None]) -> Sequence[Launch]:
    """Runs "0", "1" ... from one second to another."""
    return [
        Launch(str(number), at(start), None if end is None else at(end)) for number, (start, end) in enumerate(spans)
    ]


@pytest.mark.parametrize(("most", "refused"), [(1, ["1", "2"]), (2, ["2"]), (3, []), (None, [])])
def test_runs_beside_each_other_are_refused_beyond_the_limit(most: int | None, refused: list[str]) -> None:
    runs = launches((0, 10), (1, 20), (2, None), (30, 31))
    expected = refused if most != 1 else ["1", "2"]
    assert refused_launches(runs, parallel_runs=most, launches_per_minute=None) == expected


def test_a_refused_launch_makes_room_for_the_next() -> None:
    runs = launches((0, 10), (1, 100), (11, 12))
    assert refused_launches(runs, parallel_runs=1, launches_per_minute=None) == ["1"]


def test_launches_within_a_minute_are_counted_and_refused_ones_are_not() -> None:
    runs = launches(*((second, second) for second in (0, 20, 40, 59, 60, 80)))
    assert refused_launches(runs, parallel_runs=None, launches_per_minute=2) == ["2", "3"]


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 300), st.none() | st.integers(0, 90)), max_size=30), st.integers(1, 6))
def test_no_more_than_the_limit_are_ever_at_work(spans: list[tuple[int, int | None]], most: int) -> None:
    runs = launches(*((start, None if took is None else start + took) for start, took in spans))
    refused = set(refused_launches(runs, parallel_runs=most, launches_per_minute=None))
    started = [run for run in runs if run.run_id not in refused]
    for moment in (run.at for run in started):
        at_work = [run for run in started if run.at <= moment and (run.ended_at is None or run.ended_at > moment)]
        assert len(at_work) <= most + sum(run.at == run.ended_at for run in started)


def test_accounts_that_are_not_in_question_let_everything_through() -> None:
    found = replay([call(1, 90, 80, accounts=(RUN, DAY))], {DAY: limit(100)})
    assert (found.stops, found.spent_nanos) == ({}, {DAY: 80})
