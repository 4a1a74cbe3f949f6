"""Reserve and settle fall in the same window, whatever the clocks do between them, in every zone."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from budgets.ledger import verify
from budgets.models import Account, Hold
from budgets.periods import day_window, month_window
from budgets.tiers import Limits
from tests.budgets.conftest import Till
from tests.budgets.test_periods import ZONES

YEARS = range(2024, 2031)
AROUND = (timedelta(hours=-1), timedelta(microseconds=-1), timedelta(0), timedelta(seconds=1), timedelta(hours=1))


def transitions(name: str) -> list[datetime]:
    """The hours of these years at which the zone's clocks stand otherwise than an hour before; no day has two."""
    tz = ZoneInfo(name)
    first = datetime(YEARS[0], 1, 1, tzinfo=UTC)
    days = [first + timedelta(days=day) for day in range(366 * len(YEARS))]
    changing = [day for day, next_day in pairwise(days) if offset_at(day, tz) != offset_at(next_day, tz)]
    hours = [day + timedelta(hours=hour) for day in changing for hour in range(1, 25)]
    return [hour for hour in hours if offset_at(hour, tz) != offset_at(hour - timedelta(hours=1), tz)]


def offset_at(instant: datetime, tz: ZoneInfo) -> timedelta | None:
    """What the zone's clocks are ahead of UTC."""
    return instant.astimezone(tz).utcoffset()


CHANGES = {name: transitions(name) for name in ZONES}
MIDNIGHTS = {
    name: [
        day_window(datetime(year, month, 1, 12, tzinfo=ZoneInfo(name)), ZoneInfo(name)).start_at
        for year in YEARS
        for month in range(1, 13)
    ]
    for name in ZONES
}


def instants(name: str) -> st.SearchStrategy[datetime]:
    """Instants at and around the changes of the clocks, and the turns of days and months."""
    edges = [*CHANGES[name], *MIDNIGHTS[name]]
    midnights = [day_window(edge, ZoneInfo(name)).end_at for edge in edges]
    near = st.integers(min_value=-90 * 60, max_value=90 * 60).map(lambda seconds: timedelta(seconds=seconds))
    return st.builds(
        lambda edge, offset: edge + offset,
        st.sampled_from([*edges, *midnights]),
        st.one_of(st.sampled_from(AROUND), near),
    )


zones_and_instants = st.sampled_from(ZONES).flatmap(lambda name: st.tuples(st.just(name), instants(name)))


def test_the_zones_are_25_and_most_of_them_change_their_clocks() -> None:
    assert len(set(ZONES)) >= 25
    assert sum(bool(CHANGES[name]) for name in ZONES) >= 15


@settings(max_examples=400)
@given(zones_and_instants)
def test_around_every_change_of_the_clocks_windows_follow_each_other(found: tuple[str, datetime]) -> None:
    name, at = found
    tz = ZoneInfo(name)
    for window_of in (day_window, month_window):
        window = window_of(at, tz)
        assert window.start_at <= at < window.end_at
        assert window_of(window.end_at, tz).start_at == window.end_at
        assert window_of(window.start_at - timedelta(microseconds=1), tz).end_at == window.start_at
    hours = (day_window(at, tz).end_at - day_window(at, tz).start_at) / timedelta(hours=1)
    assert 22 <= hours <= 26


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(zones_and_instants, st.integers(min_value=0, max_value=40 * 24 * 3600))
def test_a_call_settles_in_the_window_that_it_was_reserved_in(
    till: Till, found: tuple[str, datetime], later_seconds: int
) -> None:
    name, at = found
    settled_at = at + timedelta(seconds=later_seconds)
    till.tenant.timezone = name
    till.tenant.save()
    till.run_id = f"run-{Hold.objects.count()}"
    hold_id = f"{till.run_id}:1"
    before = till.accounts(Limits(), at=at)
    till.reserve(before, hold_id, 100, at=at)
    # By then the run may have opened the accounts of another day; the hold settles where it was made.
    after = till.accounts(Limits(), at=settled_at)
    spent = dict(Account.objects.values_list("pk", "spent_nanos"))
    assert till.settle(after, hold_id, 60, at=settled_at).booked
    changed = {pk for pk, nanos in Account.objects.values_list("pk", "spent_nanos") if nanos != spent[pk]}
    assert changed == set(before.ids)
    assert before.covers(at)
    assert before.covers(settled_at) == (after == before)


@pytest.mark.parametrize("name", ["Europe/Berlin", "America/Havana", "Pacific/Apia", "Asia/Gaza"])
def test_a_limit_starts_afresh_with_the_day_and_not_before(till: Till, name: str) -> None:
    till.tenant.timezone = name
    till.tenant.save()
    limits = Limits(tenant_day_nanos=100, tenant_month_nanos=150)
    midnight = CHANGES[name][-1] if CHANGES[name] else MIDNIGHTS[name][5]
    midnight = day_window(midnight, ZoneInfo(name)).end_at
    late = midnight - timedelta(microseconds=1)
    today, tomorrow = till.accounts(limits, at=late), till.accounts(limits, at=midnight)
    assert today.valid_until == midnight
    assert till.reserve(today, "run-1:1", 100, at=late) is None
    refusal = till.reserve(today, "run-1:2", 1, at=late)
    assert refusal is not None
    assert (refusal.scope, refusal.resets_at) == ("tenant_day", midnight)
    assert till.reserve(tomorrow, "run-1:3", 40, at=midnight) is None
    till.settle(tomorrow, "run-1:1", 90, at=midnight)
    days = dict(Account.objects.filter(scope="tenant_day").values_list("pk", "spent_nanos"))
    assert (days[today.tenant_day], days[tomorrow.tenant_day]) == (90, 0)
    assert verify() is None
