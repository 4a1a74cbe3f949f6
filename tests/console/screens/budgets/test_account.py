"""One account: its ledger newest first, its balance, and nobody else's."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from agents import funding
from budgets.models import Account, BudgetAlert, LedgerEntry, Surface, Tenant
from budgets.tiers import SCOPES
from console.screens.budgets import selectors_account
from console.screens.budgets.selectors_account import Movement, movements
from tests.console.screens.budgets.conftest import USD, Spend, account_of, accounts_of, reserve
from tests.tier_edit import limit

pytestmark = pytest.mark.usefixtures("acme", "rung")

MOST_QUERIES = 12


def told(rows: list[Movement]) -> list[tuple[str, str]]:
    """What kind of movement, of which run."""
    return [(movement.kind, movement.run_id) for movement in rows]


@pytest.mark.parametrize("scope", SCOPES)
def test_every_kind_of_account_shows_the_movements_of_its_holds(scope: str, spend: Spend) -> None:
    run = spend(USD, USD // 2, user="mara", session="s1")
    spend(USD, user="wen", surface="internal-batch")
    account = Account.objects.get(pk=getattr(accounts_of(run, timezone.now()), scope))
    mine = [found for found in told(movements(account).rows) if found[1] == run.pk]
    assert mine == [("Reserved", run.pk), ("Settled", run.pk), ("Reserved", run.pk)]


def test_a_narrow_account_shows_nothing_of_other_runs(acme: Tenant, spend: Spend) -> None:
    run = spend(USD, user="mara", session="s1")
    spend(USD, user="wen", session="s2", surface="internal-batch")
    for scope, subject in (("user_day", "mara"), ("run", run.pk), ("session", f"{run.surface_id}/s1")):
        account = account_of(acme, scope, subject)  # type: ignore[arg-type]  # three of the scopes
        assert {movement.run_id for movement in movements(account).rows} == {run.pk}


def test_each_movement_leads_to_its_step(acme: Tenant, acme_viewer: Client, spend: Spend) -> None:
    run = spend(USD, USD // 2, user="mara")
    account = account_of(acme, "user_day", "mara")
    assert [movement.step_id for movement in movements(account).rows] == ["h1", "s1", "s1"]
    page = acme_viewer.get(f"/t/acme/budgets/{account.pk}/").content.decode()
    assert f"/t/acme/runs/{run.pk}/?step=h1" in page


def test_top_ups_edited_limits_and_lapses_stand_among_the_movements(
    acme: Tenant, acme_viewer: Client, spend: Spend
) -> None:
    spend(USD // 10, user="mara")
    account = account_of(acme, "user_day", "mara")
    soon = timezone.now() + timedelta(minutes=1)
    funding.top_up(account=account, amount_nanos=USD, reason="a big day", actor="acme_approver", expires_at=soon)
    limit(acme, "mara", user_day_nanos=7 * USD)
    funding.let_time_pass(soon + timedelta(seconds=1))
    kinds = [movement.kind for movement in movements(account).rows]
    assert kinds[:3] == ["Top-up expired", "Limit changed", "Topped up"]
    page = acme_viewer.get(f"/t/acme/budgets/{account.pk}/").content.decode()
    assert "a big day" in page
    assert "= $7.00" in page


def test_older_movements_are_a_page_further(acme: Tenant, spend: Spend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors_account, "PAGE_ENTRIES", 3)
    run = spend(0, user="mara")
    for number in range(4):
        reserve(run, accounts_of(run, timezone.now()), f"h{number}", USD // 10, timezone.now(), settle=True)
    account = account_of(acme, "user_day", "mara")
    first = movements(account)
    second = movements(account, before=first.older_than)
    third = movements(account, before=second.older_than)
    shown = [movement.entry.pk for page in (first, second, third) for movement in page.rows]
    assert len(shown) == 8
    assert shown == sorted(set(shown), reverse=True)
    assert third.older_than is None


def test_a_walk_that_is_long_enough_goes_on_from_where_it_ended(
    acme: Tenant, spend: Spend, monkeypatch: pytest.MonkeyPatch
) -> None:
    spend(USD // 10, user="mara")
    for _ in range(5):
        spend(USD // 10, user="wen")
    monkeypatch.setattr(selectors_account, "MOST_WALKED", 4)
    account = account_of(acme, "user_day", "mara")
    found, before, looks = 0, None, 0
    while looks == 0 or before:
        page = movements(account, before=before)
        found, before, looks = found + len(page.rows), page.older_than, looks + 1
    assert found == 2
    assert looks > 2


def test_a_day_is_not_searched_beyond_its_midnight(acme: Tenant, spend: Spend) -> None:
    spend(USD // 10, user="mara", at=timezone.now() - timedelta(days=3))
    spend(USD // 10, user="mara")
    assert len(movements(account_of(acme, "user_day", "mara")).rows) == 2
    assert movements(account_of(acme, "user_day", "mara")).older_than is None
    assert LedgerEntry.objects.count() == 4


def test_the_page_shows_balance_alerts_and_who_may_top_up(acme: Tenant, acme_viewer: Client, spend: Spend) -> None:
    spend(USD, USD // 2, user="mara")
    account = account_of(acme, "user_day", "mara")
    BudgetAlert.objects.create(
        account=account, percent=80, spent_nanos=4 * USD, limit_nanos=5 * USD, fired_at=timezone.now()
    )
    page = acme_viewer.get(f"/t/acme/budgets/{account.pk}/").content.decode()
    for words in ("mara&#x27;s day", "$3.50", "80 %", "Someone with the role approver or admin tops up."):
        assert words in page


def test_the_page_asks_few_questions_however_long_the_ledger_is(
    acme: Tenant, acme_viewer: Client, spend: Spend, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(12):
        spend(USD // 10, user="mara")
    account = account_of(acme, "user_day", "mara")
    with django_assert_max_num_queries(MOST_QUERIES):
        acme_viewer.get(f"/t/acme/budgets/{account.pk}/")


def test_accounts_of_other_tenants_are_not_found(
    acme: Tenant, globex: Tenant, acme_approver: Client, globex_operator: Client, spend: Spend
) -> None:
    spend(USD)
    own = account_of(acme, "tenant_day")
    foreign = Account.objects.create(tenant=globex, scope="tenant_day", window=own.window)
    assert globex_operator.get(f"/t/globex/budgets/{own.pk}/").status_code == 404
    assert acme_approver.get(f"/t/acme/budgets/{foreign.pk}/").status_code == 404
    assert acme_approver.get(f"/t/acme/budgets/{foreign.pk}/top-up/").status_code == 404
    assert acme_approver.get("/t/acme/budgets/99999999999999999999999/").status_code == 404


def test_a_surface_that_is_gone_does_not_break_its_accounts(acme: Tenant, acme_viewer: Client) -> None:
    surface = Surface.objects.create(tenant=acme, slug="short-lived", name="Short-lived")
    account = Account.objects.create(tenant=acme, scope="surface_day", subject=str(surface.pk), surface=surface)
    Account.objects.filter(pk=account.pk).update(surface=None)
    assert acme_viewer.get(f"/t/acme/budgets/{account.pk}/").status_code == 200
