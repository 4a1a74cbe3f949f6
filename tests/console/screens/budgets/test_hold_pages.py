"""The page of holds, and the two verbs that close one that is stuck."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from agents.models import Run
from budgets.models import Account, Hold, Tenant
from console.screens.budgets.selectors_holds import OpenHold, holds_page
from tests.console.conftest import SignedIn
from tests.console.screens.budgets.conftest import USD, Spend, account_of, open_hold

pytestmark = pytest.mark.usefixtures("acme", "rung")

ADDRESS = "/t/acme/budgets/holds/"
MOST_QUERIES = 12


def address(hold: Hold, verb: str, tenant: str = "acme") -> str:
    """The dialog of a verb on a hold."""
    return f"/t/{tenant}/budgets/holds/{hold.pk}/{verb}/"


def listed(tenant: Tenant) -> list[OpenHold]:
    """Every open hold."""
    return holds_page(tenant=tenant, account=None, now=timezone.now()).holds


def ago(seconds: int) -> dict[str, object]:
    """A lease that ran out so long ago."""
    return {"lease_expires_at": timezone.now() - timedelta(seconds=seconds)}


@pytest.fixture
def at_work(spend: Spend) -> Run:
    """A run whose worker waits for an LLM."""
    return spend(USD, USD // 2, user="mara", session="s1", **ago(-30))


@pytest.fixture
def left(spend: Spend) -> Run:
    """A run whose worker died two minutes ago, in a call."""
    return spend(USD, USD // 2, user="mara", **ago(120))


def test_a_hold_shows_its_size_its_step_and_what_it_binds(acme: Tenant, acme_viewer: Client, at_work: Run) -> None:
    (found,) = listed(acme)
    assert (found.step_id, found.stuck, found.closable) == ("h1", "", False)
    assert [account.scope for account in found.accounts] == [
        "run",
        "session",
        "user_day",
        "surface_day",
        "tenant_day",
        "tenant_month",
    ]
    page = acme_viewer.get(ADDRESS).content.decode()
    for words in ("$0.50", "1,200", "800", f"/t/acme/runs/{at_work.pk}/?step=h1", "in a call"):
        assert words in page


def test_what_is_stuck_is_marked_and_comes_first(acme: Tenant, spend: Spend, at_work: Run) -> None:
    spend(0, USD // 10, **ago(61))
    spend(0, USD // 10, state="completed")
    spend(0, USD // 10, state="paused_budget")
    gone = spend(0, USD // 10)
    Run.objects.filter(pk=gone.pk).delete()
    long = spend(0, USD // 10, **ago(-30))
    Hold.objects.of_run(long.pk).update(opened_at=timezone.now() - timedelta(minutes=11))
    found = {each.stuck for each in listed(acme)}
    assert found == {
        "",
        "worker silent for 1m 01s",
        "run has ended",
        "nobody works on it",
        "run is gone",
        "call longer than 10m 00s",
    }
    assert listed(acme)[-1].run == at_work


def test_a_lease_that_has_just_run_out_is_not_stuck_yet(acme: Tenant, spend: Spend) -> None:
    spend(0, USD // 10, **ago(20))
    assert [(each.stuck, each.closable) for each in listed(acme)] == [("", True)]


def test_a_tools_fee_is_told_from_an_llms_call(acme: Tenant, spend: Spend) -> None:
    run = spend(0, USD // 10)
    assert listed(acme)[0].tool == ""
    Hold.objects.of_run(run.pk).update(llm="tool:web_search")
    assert listed(acme)[0].tool == "web_search"


def test_the_holds_on_one_account_can_be_looked_at_alone(acme: Tenant, acme_viewer: Client, spend: Spend) -> None:
    mine, other = spend(0, USD // 10, user="mara"), spend(0, USD // 10, user="wen")
    page = acme_viewer.get(ADDRESS, {"account": account_of(acme, "user_day", "mara").pk}).content.decode()
    assert mine.pk in page
    assert other.pk not in page
    assert acme_viewer.get(ADDRESS, {"account": "99999999999999999999"}).status_code == 404
    assert acme_viewer.get(ADDRESS, {"account": "x"}).status_code == 404


@pytest.mark.usefixtures("at_work")
def test_holds_of_other_tenants_are_not_listed_nor_found(globex: Tenant, signed_in: SignedIn) -> None:
    assert listed(globex) == []
    hold = Hold.objects.open().get()
    assert signed_in("admin").post(address(hold, "release", "globex"), {"reason": "x"}).status_code == 404
    foreign = Account.objects.filter(tenant__slug="acme").first()
    assert foreign is not None
    assert signed_in("admin").get("/t/globex/budgets/holds/", {"account": foreign.pk}).status_code == 404


def test_many_holds_cost_no_more_questions(
    acme_viewer: Client, spend: Spend, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        spend(0, USD // 100, user=f"user-{number}", session="s")
    with django_assert_max_num_queries(MOST_QUERIES):
        acme_viewer.get(ADDRESS)


@pytest.mark.parametrize(
    ("verb", "spent", "state"), [("release", USD, "released"), ("charge", 3 * USD // 2, "settled")]
)
def test_an_admin_closes_a_stuck_hold_with_a_reason(
    verb: str, spent: int, state: str, acme: Tenant, signed_in: SignedIn, left: Run
) -> None:
    hold = open_hold(left)
    response = signed_in("acme_admin").post(address(hold, verb), {"reason": "its worker is gone"})
    assert response["Location"] == ADDRESS
    hold.refresh_from_db()
    account = account_of(acme, "user_day", "mara")
    assert (hold.state, account.spent_nanos, account.held_nanos) == (state, spent, 0)
    assert "its worker is gone" in str(left.events.filter(kind="note.added").latest("seq").data["text"])


def test_without_a_reason_nothing_is_closed(signed_in: SignedIn, left: Run) -> None:
    response = signed_in("acme_admin").post(address(open_hold(left), "release"), {"reason": " "})
    assert response.status_code == 422
    assert open_hold(left).state == "open"


@pytest.mark.parametrize("verb", ["release", "charge"])
def test_a_hold_in_a_live_workers_hands_is_refused(verb: str, signed_in: SignedIn, at_work: Run) -> None:
    admin = signed_in("acme_admin")
    assert "A worker is at work" in admin.get(address(open_hold(at_work), verb)).content.decode()
    response = admin.post(address(open_hold(at_work), verb), {"reason": "now"})
    assert response.status_code == 409
    assert "A worker is at work" in response.content.decode()
    assert open_hold(at_work).state == "open"


def test_a_hold_that_somebody_else_has_closed_says_so(signed_in: SignedIn, left: Run) -> None:
    admin, hold = signed_in("acme_admin"), open_hold(left)
    admin.post(address(hold, "release"), {"reason": "first"})
    assert "released already" in admin.get(address(hold, "charge")).content.decode()
    assert admin.post(address(hold, "charge"), {"reason": "second"}).status_code == 409


def test_only_who_may_close_a_hold_is_offered_it(acme_viewer: Client, signed_in: SignedIn, left: Run) -> None:
    hold = open_hold(left)
    assert address(hold, "release") not in acme_viewer.get(ADDRESS).content.decode()
    assert address(hold, "release") in signed_in("acme_admin").get(ADDRESS).content.decode()
