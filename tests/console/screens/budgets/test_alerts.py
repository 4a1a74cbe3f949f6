"""Thresholds that were passed: the strip, the count beside the name, and who has seen them."""

import pytest
from django.test import Client
from django.utils import timezone

from budgets.models import Account, BudgetAlert, Tenant
from console.screens.budgets.alerts import MOST, count_words, unseen_alerts
from tests.console.screens.budgets.conftest import USD, Spend, account_of

pytestmark = pytest.mark.usefixtures("acme", "rung")

ADDRESS = "/t/acme/budgets/"
SEEN = "/t/acme/budgets/alerts/seen/"


def passed(account: Account, percent: int) -> BudgetAlert:
    """The account has reached this share of five dollars."""
    spent_nanos = 5 * USD * percent // 100
    return BudgetAlert.objects.create(
        account=account, percent=percent, spent_nanos=spent_nanos, limit_nanos=5 * USD, fired_at=timezone.now()
    )


@pytest.fixture
def mara(acme: Tenant, spend: Spend) -> Account:
    """mara's day."""
    spend(USD, user="mara")
    return account_of(acme, "user_day", "mara")


def test_an_unseen_alert_stands_on_the_page_and_is_counted_beside_its_name(acme_viewer: Client, mara: Account) -> None:
    passed(mara, 80)
    page = acme_viewer.get(ADDRESS).content.decode()
    for words in ("80 %", "mara&#x27;s day", "$4.00", "of $5.00"):
        assert words in page
    links = acme_viewer.get("/t/acme/runs/").context["nav"]
    counted = [(link.label, link.count) for link in links if link.count]
    assert counted == [("Budgets", "1")]


def test_of_one_account_the_highest_is_shown_and_the_widest_account_first(acme: Tenant, mara: Account) -> None:
    for percent in (50, 80):
        passed(mara, percent)
    passed(account_of(acme, "tenant_day"), 50)
    assert [(alert.account.scope, alert.percent) for alert in unseen_alerts(acme)] == [
        ("tenant_day", 50),
        ("user_day", 80),
    ]


def test_many_are_counted_up_to_what_a_person_would_read(acme: Tenant, mara: Account) -> None:
    for number in range(MOST + 1):
        passed(Account.objects.create(tenant=acme, scope="user_day", subject=str(number), window=mara.window), 100)
    assert count_words(unseen_alerts(acme)) == f"{MOST}+"
    assert count_words([]) == ""


def test_who_has_seen_one_has_seen_the_lower_ones_too(acme_operator: Client, acme: Tenant, mara: Account) -> None:
    low, high, full = (passed(mara, percent) for percent in (50, 80, 100))
    response = acme_operator.post(SEEN, {"alert": high.pk, "next": f"{ADDRESS}?by=user"})
    assert response["Location"] == f"{ADDRESS}?by=user"
    assert unseen_alerts(acme) == [full]
    low.refresh_from_db()
    assert (low.seen_by, low.seen_at is not None) == ("acme_operator", True)


def test_all_means_what_stood_on_the_page(acme_operator: Client, acme: Tenant, mara: Account) -> None:
    shown = passed(mara, 50)
    later = passed(account_of(acme, "tenant_day"), 50)
    acme_operator.post(SEEN, {"up_to": shown.pk})
    assert unseen_alerts(acme) == [later]


def test_the_first_one_to_have_seen_it_is_kept(acme_operator: Client, acme_approver: Client, mara: Account) -> None:
    alert = passed(mara, 50)
    acme_operator.post(SEEN, {"alert": alert.pk})
    acme_approver.post(SEEN, {"alert": alert.pk})
    alert.refresh_from_db()
    assert alert.seen_by == "acme_operator"


@pytest.mark.parametrize("place", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_seen_leads_nowhere_else(place: str, acme_operator: Client, mara: Account) -> None:
    assert acme_operator.post(SEEN, {"alert": passed(mara, 50).pk, "next": place})["Location"] == ADDRESS


def test_alerts_of_other_tenants_are_neither_shown_nor_seen(
    acme_operator: Client, acme: Tenant, globex: Tenant, mara: Account
) -> None:
    foreign = passed(Account.objects.create(tenant=globex, scope="tenant_day", window=mara.window), 80)
    assert unseen_alerts(acme) == []
    assert acme_operator.post(SEEN, {"alert": foreign.pk}).status_code == 404
    acme_operator.post(SEEN, {"up_to": foreign.pk + 5})
    foreign.refresh_from_db()
    assert foreign.seen_at is None


@pytest.mark.parametrize("alert", ["", "x", "-1", "9" * 30])
def test_an_alert_that_is_none_is_not_found(alert: str, acme_operator: Client) -> None:
    assert acme_operator.post(SEEN, {"alert": alert}).status_code == 404
