"""Topping up: what is refused at the field, what it would do, and the runs that it lets go on."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from agents.models import Run
from budgets.models import Account, LedgerEntry, Tenant
from tests.console.conftest import AddEvents
from tests.console.screens.budgets.conftest import USD, Spend, account_of

pytestmark = pytest.mark.usefixtures("acme", "rung")

RIGHT: dict[str, Any] = {"amount": "2.50", "reason": "a big day", "lasts": ""}


@pytest.fixture
def account(acme: Tenant, spend: Spend) -> Account:
    """mara's day, of which a dollar is spent."""
    spend(USD, user="mara")
    return account_of(acme, "user_day", "mara")


@pytest.fixture
def waiting(account: Account, spend: Spend, add_events: AddEvents) -> Run:
    """A run that waits for mara's day: its next call would have cost more than was left."""
    run = spend(0, user="mara", state="paused_budget", reason="The budget of this user today is $5.00.")
    refused = {"account_id": account.pk, "asked_nanos": 4 * USD + USD // 2}
    add_events(run, ("hold.refused", refused))
    Run.objects.filter(pk=run.pk).update(capped_account_id=account.pk, capped_limit_nanos=account.limit_nanos)
    return Run.objects.get(pk=run.pk)


def address(account: Account, query: str = "") -> str:
    """The dialog's address."""
    return f"/t/acme/budgets/{account.pk}/top-up/{query}"


def test_a_top_up_raises_the_cap_with_who_and_why(acme_approver: Client, account: Account) -> None:
    response = acme_approver.post(address(account), RIGHT)
    assert response["Location"] == f"/t/acme/budgets/{account.pk}/"
    entry = LedgerEntry.objects.get(kind="top_up")
    assert (entry.limit_delta_nanos, entry.reason, entry.actor, entry.expires_at) == (
        2_500_000_000,
        "a big day",
        "acme_approver",
        None,
    )
    account.refresh_from_db()
    assert account.topped_up_nanos == 2_500_000_000


@pytest.mark.parametrize(
    "amount", ["", "  ", "-1", "NaN", "nan", "inf", "1e400", "1,50", "0", "0.00", "five", "1" * 40]
)
def test_an_amount_that_is_none_is_refused_at_its_field(amount: str, acme_approver: Client, account: Account) -> None:
    response = acme_approver.post(address(account), {**RIGHT, "amount": amount})
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["amount"]
    assert not LedgerEntry.objects.filter(kind="top_up").exists()


@pytest.mark.parametrize(
    ("field", "value"), [("reason", ""), ("reason", "  "), ("reason", "x" * 501), ("reason", "a\x00"), ("lasts", "era")]
)
def test_what_is_wrong_is_said_at_its_field(field: str, value: str, acme_approver: Client, account: Account) -> None:
    response = acme_approver.post(address(account), {**RIGHT, field: value})
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]


@pytest.mark.parametrize("until_at", ["", "tomorrow", "2020-01-01T10:00"])
def test_a_date_is_asked_for_only_when_it_was_chosen(until_at: str, acme_approver: Client, account: Account) -> None:
    given = {**RIGHT, "lasts": "date", "until_at": until_at}
    assert list(acme_approver.post(address(account), given).context["form"].errors) == ["until_at"]


def test_it_can_last_an_hour(acme_approver: Client, account: Account) -> None:
    before = timezone.now()
    acme_approver.post(address(account), {**RIGHT, "lasts": "hour"})
    expires_at = LedgerEntry.objects.get(kind="top_up").expires_at
    assert expires_at is not None
    assert timedelta(0) <= expires_at - before - timedelta(hours=1) < timedelta(minutes=1)


def test_a_chosen_end_is_read_in_the_tenants_time_zone(acme: Tenant, acme_approver: Client, account: Account) -> None:
    acme.timezone = "America/New_York"
    acme.save()
    acme_approver.post(address(account), {**RIGHT, "lasts": "date", "until_at": "2099-01-05T09:30"})
    assert LedgerEntry.objects.get(kind="top_up").expires_at == datetime(2099, 1, 5, 14, 30, tzinfo=UTC)


def test_the_dialog_says_what_an_amount_would_do(acme_approver: Client, account: Account, waiting: Run) -> None:
    headers = {"HX-Request": "true", "HX-Target": "div#top-up-effect"}
    said = acme_approver.get(address(account, f"?run={waiting.pk}&amount=0.10"), headers=headers).content.decode()
    for words in ("$5.00", "$5.10", "1 run", "lacks $0.50", "it would stop and wait again"):
        assert words in said
    said = acme_approver.get(address(account, f"?run={waiting.pk}&amount=1"), headers=headers).content.decode()
    assert "wait again" not in said


@pytest.mark.parametrize("amount", ["1,5", "nonsense", "", "-3"])
def test_half_typed_amounts_are_no_error_yet(amount: str, acme_approver: Client, account: Account) -> None:
    headers = {"HX-Request": "true", "HX-Target": "div#top-up-effect"}
    answer = acme_approver.get(address(account), {"amount": amount}, headers=headers)
    assert answer.status_code == 200
    assert "The cap is $5.00" in answer.content.decode()


def test_a_top_up_from_a_paused_run_lets_it_go_on_and_leads_back(
    acme_approver: Client, account: Account, waiting: Run, rung: list[str]
) -> None:
    response = acme_approver.post(address(account, f"?run={waiting.pk}"), RIGHT)
    assert response["Location"] == f"/t/acme/runs/{waiting.pk}/"
    waiting.refresh_from_db()
    assert (waiting.state, rung) == ("queued", [waiting.pk])


def test_in_a_dialog_the_answer_closes_it_and_says_what_was_done(
    acme_approver: Client, account: Account, waiting: Run
) -> None:
    answer = acme_approver.post(address(account), RIGHT, headers={"HX-Request": "true"}).content.decode()
    assert "Topped up by $2.50. 1 run goes on." in answer
    assert Run.objects.get(pk=waiting.pk).state == "queued"


def test_a_budget_without_a_limit_and_a_day_that_is_over_cannot_be_topped_up(
    acme: Tenant, acme_approver: Client, account: Account
) -> None:
    endless = account_of(acme, "tenant_day")
    assert "no limit that could be raised" in acme_approver.get(address(endless)).content.decode()
    assert acme_approver.post(address(endless), RIGHT).status_code == 422
    Account.objects.filter(pk=account.pk).update(window_end_at=timezone.now() - timedelta(seconds=1))
    assert "window is over" in acme_approver.get(address(account)).content.decode()
    assert acme_approver.post(address(account), RIGHT).status_code == 422


def test_a_run_of_another_tenant_is_no_place_to_go_back_to(
    acme_approver: Client, account: Account, globex: Tenant, spend: Spend
) -> None:
    foreign = spend(0)
    Run.objects.filter(pk=foreign.pk).update(tenant=globex)
    response = acme_approver.post(address(account, f"?run={foreign.pk}"), RIGHT)
    assert response["Location"] == f"/t/acme/budgets/{account.pk}/"


def test_the_page_of_a_run_that_waits_for_money_says_for_which_and_offers_the_top_up(
    acme_approver: Client, acme_viewer: Client, account: Account, waiting: Run
) -> None:
    page = acme_approver.get(f"/t/acme/runs/{waiting.pk}/").content.decode()
    assert "Waits for money" in page
    assert f"{address(account)}?run={waiting.pk}" in page
    viewed = acme_viewer.get(f"/t/acme/runs/{waiting.pk}/").content.decode()
    assert "Someone with the role approver or admin tops up." in viewed
    assert "top-up/" not in viewed


def test_a_run_whose_day_is_over_needs_no_top_up(acme_approver: Client, account: Account, waiting: Run) -> None:
    Account.objects.filter(pk=account.pk).update(window_end_at=timezone.now() - timedelta(seconds=1))
    assert "begun afresh" in acme_approver.get(f"/t/acme/runs/{waiting.pk}/").content.decode()
