"""A tenant's days move to another time zone: no date has two budgets, and nothing counts in a window that is over."""

from datetime import UTC, datetime, timedelta
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgets import time_zone
from budgets.limits import hold_tiers_still
from budgets.models import Account, Tenant
from budgets.periods import PeriodError, day_window, month_window, window_named, zone
from budgets.tiers import Limits
from tests.budgets.conftest import USD, Till
from tests.tier_edit import limit

ZONES = sorted(available_timezones())
LIMITS = Limits(run_nanos=USD, surface_day_nanos=USD)


@given(st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)), st.sampled_from(ZONES))
def test_a_window_is_found_by_its_key(at: datetime, name: str) -> None:
    for window in (day_window(at, zone(name)), month_window(at, zone(name))):
        assert window_named(window.key, zone(name)) == window


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../etc/passwd", "Europe/berlin\x00", "x" * 300])
def test_a_zone_that_does_not_exist_is_refused(till: Till, name: str) -> None:
    with pytest.raises(PeriodError, match="not a known time zone"):
        time_zone.set_time_zone(tenant=till.tenant, name=name, actor="acme_admin")
    assert Tenant.objects.get(pk=till.tenant.pk).timezone == "Europe/Berlin"


def test_the_same_zone_again_changes_nothing(till: Till) -> None:
    assert time_zone.set_time_zone(tenant=till.tenant, name="Asia/Tokyo", actor="a") is True
    assert time_zone.set_time_zone(tenant=till.tenant, name="Asia/Tokyo", actor="a") is False
    assert hold_tiers_still_in_a_transaction(till) == "Asia/Tokyo"


def hold_tiers_still_in_a_transaction(till: Till) -> str:
    """The zone that whoever opens accounts reads; every test here runs inside a transaction."""
    return hold_tiers_still(till.tenant.pk)


@pytest.mark.parametrize(("old", "new"), [("Asia/Tokyo", "UTC"), ("UTC", "Asia/Tokyo"), ("Etc/GMT+12", "Etc/GMT-14")])
@pytest.mark.parametrize("hour", range(0, 24, 5))
def test_whatever_is_booked_after_the_change_is_booked_in_an_open_window(
    till: Till, monkeypatch: pytest.MonkeyPatch, old: str, new: str, hour: int
) -> None:
    at = datetime(2026, 11, 30, hour, 30, tzinfo=UTC)
    monkeypatch.setattr("budgets.clock.now", lambda: at)
    limit(till.surface, run_nanos=USD, surface_day_nanos=USD)
    till.tenant.timezone = old
    till.tenant.save()
    for hours in (-30, -12, 0):
        till.accounts(LIMITS, run_id=f"r{hours}", at=at + timedelta(hours=hours))
    before = till.accounts(LIMITS, run_id="long", at=at)
    time_zone.set_time_zone(tenant=till.tenant, name=new, actor="acme_admin")
    after = till.accounts(LIMITS, run_id="new", at=at)
    for accounts in (before, after):
        for account in Account.objects.filter(pk__in=accounts.ids, window_end_at__isnull=False):
            assert account.window_start_at is not None
            assert account.window_end_at is not None
            assert account.window_start_at <= at < account.window_end_at
    assert before.tenant_month == after.tenant_month or before.tenant_day != after.tenant_day


def test_a_date_keeps_what_was_spent_on_it(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    at = datetime(2026, 11, 22, 16, tzinfo=UTC)
    monkeypatch.setattr("budgets.clock.now", lambda: at)
    till.tenant.timezone = "Asia/Tokyo"
    till.tenant.save()
    yesterday = till.accounts(LIMITS, at=at - timedelta(hours=2))
    assert till.reserve(yesterday, "h1", USD) is None
    till.settle(yesterday, "h1", USD)
    limit(till.surface, run_nanos=USD, surface_day_nanos=USD)
    time_zone.set_time_zone(tenant=till.tenant, name="UTC", actor="acme_admin")
    again = till.accounts(LIMITS, run_id="run-2", at=at)
    assert again.surface_day == yesterday.surface_day
    refusal = till.reserve(again, "h2", 1, at=at)
    assert refusal is not None
    assert refusal.resets_at == datetime(2026, 11, 23, tzinfo=UTC)
    limit(till.surface, surface_day_nanos=2 * USD)
    assert till.reserve(again, "h3", 1, at=at) is None
