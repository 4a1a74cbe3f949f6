"""The accounts that a run's calls count against."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from budgets.ledger import AccountSet, LedgerError, balances, known_accounts, top_up
from budgets.models import Account, Surface, Tenant
from budgets.tiers import Limits
from tests.budgets.conftest import AT, USD, Till
from tests.tier_edit import limit

LIMITS = Limits(run_nanos=USD, user_day_nanos=5 * USD)


def test_all_six_accounts_exist_with_the_limits_of_the_tier(till: Till) -> None:
    accounts = till.accounts(LIMITS)
    found = {balance.scope: balance.limit_nanos for balance in balances(accounts)}
    assert found == {
        "run": USD,
        "session": None,
        "user_day": 5 * USD,
        "surface_day": None,
        "tenant_day": None,
        "tenant_month": None,
    }


def test_opening_again_finds_the_same_accounts(till: Till) -> None:
    assert till.accounts(LIMITS) == till.accounts(LIMITS)
    assert Account.objects.count() == 6


def test_accounts_are_known_once_all_of_them_exist(till: Till) -> None:
    def known(session: str) -> AccountSet | None:
        return known_accounts(
            tenant=till.tenant, surface=till.surface, run_id=till.run_id, user="alice", session=session, at=AT
        )

    assert known("chat") is None
    opened = till.accounts(LIMITS, session="")
    assert known("chat") is None
    assert known("") == opened
    assert Account.objects.count() == 5


def test_a_run_without_user_and_session_has_four(till: Till) -> None:
    accounts = till.accounts(LIMITS, user="", session="")
    assert (accounts.session, accounts.user_day) == (None, None)
    assert len(accounts.ids) == 4


def test_another_run_of_the_same_session_shares_all_but_its_own(till: Till) -> None:
    first, second = till.accounts(LIMITS), till.accounts(LIMITS, run_id="run-2")
    assert first.run != second.run
    assert first == replace(second, run=first.run)


def test_days_begin_in_the_tenants_time_zone(till: Till) -> None:
    accounts = till.accounts(LIMITS, at=datetime(2026, 11, 22, 23, 30, tzinfo=UTC))
    day = Account.objects.get(pk=accounts.tenant_day)
    assert day.window == "2026-11-23"
    assert accounts.valid_until == day.window_end_at == datetime(2026, 11, 23, 23, tzinfo=UTC)
    assert accounts.covers(accounts.valid_until - timedelta(microseconds=1))
    assert not accounts.covers(accounts.valid_until)


def test_after_midnight_day_accounts_are_new_and_the_others_stay(till: Till) -> None:
    today, tomorrow = till.accounts(LIMITS), till.accounts(LIMITS, at=AT + timedelta(days=1))
    assert (today.run, today.session, today.tenant_month) == (
        tomorrow.run,
        tomorrow.session,
        tomorrow.tenant_month,
    )
    assert not {today.user_day, today.surface_day, today.tenant_day} & set(tomorrow.ids)


def test_an_edited_limit_reaches_the_open_account_and_a_top_up_stays(till: Till) -> None:
    accounts = till.accounts(replace(LIMITS, session_nanos=USD))
    top_up(account_id=accounts.session or 0, amount_nanos=USD, reason="demo", actor="acme_admin")
    limit(till.surface, session_nanos=3 * USD)
    assert balances(accounts)[1].limit_nanos == 4 * USD
    limit(till.surface, session_nanos=None)
    assert balances(accounts)[1].limit_nanos is None


def test_opening_an_account_again_leaves_its_limit_alone(till: Till) -> None:
    accounts = till.accounts(LIMITS)
    assert till.accounts(replace(LIMITS, run_nanos=3 * USD)) == accounts
    assert balances(accounts)[0].limit_nanos == USD


def test_users_of_two_surfaces_share_their_day_and_no_session(till: Till) -> None:
    other = Till(till.tenant, Surface.objects.create(tenant=till.tenant, slug="enterprise", name="Enterprise"))
    here, there = till.accounts(LIMITS), other.accounts(LIMITS)
    assert here.user_day == there.user_day
    assert here.session != there.session


def test_a_surface_of_another_tenant_is_refused(till: Till) -> None:
    globex = Tenant.objects.create(slug="globex", name="Globex")
    with pytest.raises(LedgerError):
        Till(globex, till.surface).accounts(LIMITS)


@pytest.mark.parametrize("user", ["nul\x00", "half \ud800 pair", "x" * 201])
def test_names_that_no_database_could_store_are_refused(till: Till, user: str) -> None:
    with pytest.raises(LedgerError):
        till.accounts(LIMITS, user=user)
