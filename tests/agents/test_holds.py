"""A hold never outlives its run, wherever the crash came; and nobody touches one that a worker is using."""

from datetime import UTC, datetime, timedelta

import pytest

from agents import holds, recovery
from agents.engine.batch import Batch
from agents.engine.ports import LostLease
from agents.journal.append import take_over
from agents.journal.decide import Claim
from agents.models import Run
from budgets.ledger import balances, verify
from budgets.models import Hold
from tests.agents.batches import event, hold, kinds, put, settled
from tests.agents.conftest import Office

pytestmark = pytest.mark.usefixtures("no_redis", "sender")
PAST = timedelta(seconds=-90)


def spending(office: Office, run: Run, nanos: int = 900) -> Claim:
    """A run whose worker has placed a hold and sent its call."""
    claim = office.claim(run)
    put(claim, Batch(hold=hold("h1", nanos), intents=[event()]))
    return claim


def now() -> datetime:
    return datetime.now(UTC)


def left(run: Run) -> None:
    """Its worker has died, and nobody took it over."""
    Run.objects.filter(pk=run.pk).update(lease_expires_at=now() + PAST)


def money(claim: Claim) -> set[tuple[int, int]]:
    """What each account of the run has spent and holds."""
    return {(balance.spent_nanos, balance.held_nanos) for balance in balances(claim.accounts)}


def test_an_open_hold_of_a_run_that_has_ended_is_charged_by_the_sweeper(office: Office) -> None:
    run = office.run("running")
    claim = spending(office, run)
    Run.objects.update(state="completed", ended_at=now(), lease_expires_at=None)
    recovery.sweep()
    run.refresh_from_db()
    assert (money(claim), run.cost_nanos) == ({(900, 0)}, 900)
    assert kinds(run) == ["note.added", "charge.booked", "note.added"]
    assert "was charged in full" in run.events.get(seq=3).data["text"]
    assert verify() is None


def test_an_open_hold_of_a_run_whose_row_is_missing_is_charged_by_the_sweeper(office: Office) -> None:
    run = office.run("running")
    claim = spending(office, run)
    Run.objects.all().delete()
    recovery.sweep()
    assert money(claim) == {(900, 0)}
    assert verify() is None


def test_a_crash_before_the_hold_is_committed_leaves_nothing(office: Office) -> None:
    run = office.run("running")
    claim = office.claim(run)
    left(run)
    recovery.sweep()
    take_over(run.pk, epoch=run.epoch)
    assert money(claim) == {(0, 0)}


@pytest.mark.parametrize("answered", [False, True], ids=["before the answer", "before the answer is recorded"])
def test_a_crash_in_a_call_is_charged_in_full_by_whoever_takes_over(office: Office, answered: bool) -> None:
    run = office.run("running")
    claim = spending(office, run)
    left(run)
    assert holds.resolve_orphans(now()) == 0
    Run.objects.filter(pk=run.pk).update(epoch=2)
    assert take_over(run.pk, epoch=2) == 900
    if answered:
        with pytest.raises(LostLease):
            put(claim, Batch(settlements=[settled("h1", 20)]))
    assert money(claim) == {(900, 0)}
    assert verify() is None


def test_a_crash_after_the_answer_was_recorded_leaves_only_what_was_charged(office: Office) -> None:
    run = office.run("running")
    claim = spending(office, run)
    put(claim, Batch(settlements=[settled("h1", 20)]))
    left(run)
    recovery.sweep()
    assert money(claim) == {(20, 0)}


def test_holds_of_live_runs_are_no_orphans(office: Office) -> None:
    at_work, waiting = office.run("running"), office.run("running")
    for number, run in enumerate((at_work, waiting)):
        put(office.claim(run), Batch(hold=hold(f"h{number}", 900)))
    Run.objects.filter(pk=waiting.pk).update(state="paused_budget")
    assert holds.resolve_orphans(now()) == 0
    assert Hold.objects.open().count() == 2


def test_a_hold_that_cannot_be_closed_keeps_no_other_from_it(office: Office) -> None:
    broken, sound = office.run("running"), office.run("running")
    put(office.claim(broken), Batch(hold=hold("h0", 900)))
    put(office.claim(sound), Batch(hold=hold("h1", 900)))
    Hold.objects.filter(pk="h0").update(run_account=10**9)
    Run.objects.update(state="failed", ended_at=now())
    assert holds.resolve_orphans(now()) == 1
    assert list(Hold.objects.open().values_list("pk", flat=True)) == ["h0"]


@pytest.mark.parametrize("close", [holds.release, holds.charge_in_full])
@pytest.mark.parametrize("state", ["running", "kill_requested"])
def test_a_hold_that_a_worker_is_using_is_left_alone(office: Office, state: str, close: object) -> None:
    run = office.run(state)
    claim = spending(office, run)
    assert callable(close)
    with pytest.raises(holds.HoldRefused, match="worker is at work"):
        close(hold=Hold.objects.get(), actor="acme_admin", reason="stuck")
    assert money(claim) == {(0, 900)}


def test_a_released_hold_gives_the_money_back_and_says_who_and_why(office: Office) -> None:
    run = office.run("running")
    claim = spending(office, run)
    left(run)
    assert holds.release(hold=Hold.objects.get(), actor="acme_admin", reason="never sent")
    run.refresh_from_db()
    assert (money(claim), run.cost_nanos) == ({(0, 0)}, 0)
    assert kinds(run)[1:] == ["hold.released", "note.added"]
    assert run.events.get(seq=2).data["by"] == "acme_admin"
    assert "never sent" in run.events.get(seq=3).data["text"]
    assert verify() is None


def test_a_hold_charged_in_full_is_on_the_run_and_in_its_trace(office: Office) -> None:
    run = office.run("running")
    claim = spending(office, run)
    left(run)
    assert holds.charge_in_full(hold=Hold.objects.get(), actor="acme_admin", reason="the vendor billed it")
    run.refresh_from_db()
    assert (money(claim), run.cost_nanos) == ({(900, 0)}, 900)
    charge = run.events.get(kind="charge.booked").data
    assert (charge["cost_nanos"], charge["unreconciled"]) == (900, True)
    assert verify() is None


def test_a_worker_that_was_thought_dead_finds_that_it_has_lost_the_run(office: Office) -> None:
    run = office.run("running")
    claim = spending(office, run)
    left(run)
    holds.release(hold=Hold.objects.get(), actor="acme_admin", reason="dead")
    with pytest.raises(LostLease):
        put(claim, Batch(settlements=[settled("h1", 20)]))
    assert money(claim) == {(0, 0)}


def test_a_hold_is_closed_once(office: Office) -> None:
    run = office.run("running")
    claim = spending(office, run)
    left(run)
    stuck = Hold.objects.get()
    assert holds.release(hold=stuck, actor="acme_admin", reason="first")
    assert not holds.charge_in_full(hold=stuck, actor="acme_admin", reason="second")
    assert money(claim) == {(0, 0)}
    assert kinds(run).count("note.added") == 2


def test_what_a_person_says_cannot_break_the_trace(office: Office) -> None:
    run = office.run("running")
    spending(office, run)
    left(run)
    holds.release(hold=Hold.objects.get(), actor="acme_admin", reason="nul \x00 and \ud800")
    assert run.events.get(seq=3).data["text"]
