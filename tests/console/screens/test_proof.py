"""The proof page: the tenant's own figures, and the whole ledger's result as such."""

from datetime import timedelta

import pytest
from celery import current_app
from django.test import Client
from django.utils import timezone

from agents.tasks import verify_ledger
from budgets.ledger import Books, open_accounts
from budgets.ledger.asked_verification import answer_waiting
from budgets.ledger.verification import verify_and_keep
from budgets.models import Hold, Surface, Tenant, Verification, VerificationRequest
from budgets.pricing import PriceSnapshot, Rates
from budgets.tiers import Limits
from console.screens.proof.week import BINS, figures_of_week
from tests.console.conftest import AddEvents, MakeRun, SignedIn

ADDRESS = "/t/acme/budgets/proof/"
PRICE = PriceSnapshot(rates=Rates.flat(input=2, output=8), source="test list", version="1")


def call(tenant: Tenant, run_id: str, number: int, held: int, cost: int | None, *, estimate: bool = False) -> None:
    """One call of a run, settled unless it costs None."""
    surface = Surface.objects.get(tenant=tenant, slug="free-chat")
    now = timezone.now()
    accounts = open_accounts(
        tenant=tenant, surface=surface, limits=Limits(), run_id=run_id, user="", session="", at=now
    )
    books = Books.open(account_ids=accounts.ids, hold_ids=())
    hold_id = f"{run_id}:{number}"
    books.reserve(
        hold_id=hold_id, accounts=accounts, amount_nanos=held, tenant_id=tenant.pk, run_id=run_id, step=number,
        llm="rehearsal:search", price=PRICE, at=now,
    )  # fmt: skip
    if cost is not None:
        books.settle(hold_id=hold_id, cost_nanos=cost, usage=None, unreconciled=estimate, at=now)
    books.close()


def test_the_page_says_what_was_never_verified(acme_viewer: Client) -> None:
    page = acme_viewer.get(ADDRESS).content.decode()
    assert "Never verified" in page
    assert "Verify now" not in page
    assert "What it does not prove" in page


def test_figures_are_the_tenants_own_and_the_result_is_the_whole_ledgers(
    acme_viewer: Client, acme: Tenant, globex: Tenant, make_run: MakeRun
) -> None:
    ours, theirs = make_run(acme), make_run(globex)
    call(acme, ours.pk, 1, 100, 60)
    for number in range(3):
        call(globex, theirs.pk, number, 100, 900)
    verify_and_keep(asked_by="globex_operator")
    response = acme_viewer.get(ADDRESS)
    checked = response.context["checked"][0]
    assert (checked.mine.reservations, checked.mine.overbilled_nanos, checked.holds) == (1, 0, 4)
    assert (checked.asked, checked.adds_up) == ("a person", True)
    assert theirs.pk not in response.content.decode()
    assert "globex" not in response.content.decode()


def test_only_a_platform_admin_reads_which_row_is_wrong(signed_in: SignedIn, acme: Tenant, make_run: MakeRun) -> None:
    run = make_run(acme)
    call(acme, run.pk, 1, 100, 60)
    Hold.objects.filter(run_id=run.pk).update(settled_nanos=61)
    verify_and_keep(asked_by="test")
    assert f"hold {run.pk}:1" not in signed_in("acme_admin").get(ADDRESS).content.decode()
    assert f"hold {run.pk}:1" in signed_in("admin").get(ADDRESS).content.decode()


def test_the_week_shows_how_tight_holds_are(acme: Tenant, make_run: MakeRun) -> None:
    run = make_run(acme)
    for number, (held, cost, estimate) in enumerate(
        [(100, 9, False), (100, 55, False), (100, 100, False), (100, 100, True), (100, 300, False), (0, 0, False)]
    ):
        call(acme, run.pk, number, held, cost, estimate=estimate)
    call(acme, run.pk, 99, 70, None)
    week = figures_of_week(acme, timezone.now())
    (tight,) = week.tightness
    counts = [0] * BINS
    counts[0], counts[5], counts[9] = 1, 1, 2
    assert (tight.calls, tight.held_nanos, tight.charged_nanos, tight.counts) == (4, 400, 464, counts)
    assert (week.unreconciled.calls, week.unreconciled.charged_nanos) == (1, 100)
    assert (week.overbilled.calls, week.overbilled.above_nanos) == (1, 200)
    assert week.reservations == 7
    assert week.oldest_open is not None
    assert week.oldest_open.amount_nanos == 70


def test_what_is_older_than_a_week_is_left_out(acme: Tenant, make_run: MakeRun) -> None:
    long_ago = timezone.now() - timedelta(days=8)
    call(acme, make_run(acme, state="completed", ended_at=long_ago).pk, 1, 100, 60)
    assert figures_of_week(acme, timezone.now()).tightness == []


def test_refusals_are_counted_by_scope(acme: Tenant, make_run: MakeRun, add_events: AddEvents) -> None:
    run, other = make_run(acme, severity=2), make_run(acme, severity=2)
    add_events(run, ("hold.refused", {"scope": "run"}), ("hold.refused", {"scope": "tenant_day"}))
    add_events(other, ("hold.refused", {"scope": "run"}), ("note.added", {"scope": "run"}))
    found = figures_of_week(acme, timezone.now()).refused
    assert [(each.whose, each.times) for each in found] == [("a run", 2), ("the tenant’s day", 1)]


def test_an_admin_asks_and_sees_how_far_it_is(signed_in: SignedIn, acme: Tenant, make_run: MakeRun) -> None:
    call(acme, make_run(acme).pk, 1, 100, 60)
    admin = signed_in("acme_admin")
    for _ in range(2):
        assert admin.post(f"{ADDRESS}verify/").status_code == 302
    assert VerificationRequest.objects.get().stage == ""
    assert "no worker has taken it yet" in admin.get(ADDRESS).content.decode()
    VerificationRequest.objects.update(stage="every hold")
    assert "step 2 of 3" in admin.get(f"{ADDRESS}progress/", headers={"hx-request": "true"}).content.decode()
    assert answer_waiting() is None, "it was taken by another worker"
    VerificationRequest.objects.update(stage="")
    assert [answer_waiting() is None for _ in range(2)] == [False, True]
    assert Verification.objects.get().asked_by == "acme_admin"
    assert admin.get(f"{ADDRESS}progress/").headers["HX-Refresh"] == "true"
    assert "adds up" in admin.get(ADDRESS).content.decode()


def test_a_request_that_was_lost_can_be_made_again(signed_in: SignedIn) -> None:
    VerificationRequest.objects.create(asked_at=timezone.now() - timedelta(hours=1), asked_by="acme_admin")
    admin = signed_in("acme_admin")
    assert "no worker" not in admin.get(ADDRESS).content.decode()
    admin.post(f"{ADDRESS}verify/")
    assert VerificationRequest.objects.count() == 2


@pytest.mark.parametrize("person", ["acme_viewer", "acme_operator", "acme_approver"])
def test_only_those_who_edit_budgets_may_ask(person: str, signed_in: SignedIn) -> None:
    assert signed_in(person).post(f"{ADDRESS}verify/").status_code == 403
    assert not VerificationRequest.objects.exists()


def test_strangers_find_nothing(globex_operator: Client) -> None:
    for address in (ADDRESS, f"{ADDRESS}progress/"):
        assert globex_operator.get(address).status_code == 404


@pytest.mark.usefixtures("db")
def test_the_clock_verifies_every_day() -> None:
    schedule = current_app.conf.beat_schedule
    assert "agents.tasks.verify_ledger" in [entry["task"] for entry in schedule.values()]
    verify_ledger()
    assert Verification.objects.get().asked_by == "every day"
