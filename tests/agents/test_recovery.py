"""The sweeper finds what fell between two chairs: nothing is stranded, and what keeps dying is ended."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import F

from agents import lease, recovery
from agents.engine.batch import Batch
from agents.kills import kill
from agents.models import Approval, Run
from budgets.ledger import balances, run_spend, verify
from budgets.models import Hold
from tests.agents.batches import event, hold, kinds, put
from tests.agents.conftest import Office, Sender
from tests.agents.test_lifecycle import approval_of

pytestmark = pytest.mark.usefixtures("no_redis", "sender")
PAST = timedelta(seconds=-1)


def test_a_run_whose_message_was_lost_is_rung_for_again(office: Office, sender: Sender) -> None:
    lost = office.run("queued", due_at=datetime.now(UTC) + PAST)
    office.run("queued", due_at=datetime.now(UTC) + timedelta(seconds=5))
    assert recovery.sweep() == 1
    assert sender.sent == [lost.id]
    assert recovery.sweep() == 0


def test_a_run_whose_worker_died_is_rung_for_and_one_at_work_is_not(office: Office, sender: Sender) -> None:
    left = office.run("running", lease_seconds=-1)
    office.run("running")
    assert recovery.sweep() == 1
    assert sender.sent == [left.id]


@pytest.mark.parametrize(
    "state", ["waiting_approval", "paused", "paused_budget", "waiting_resolution", "completed", "dead"]
)
def test_a_run_that_waits_or_has_ended_is_left_alone(office: Office, sender: Sender, state: str) -> None:
    office.run(state, due_at=datetime.now(UTC) + PAST)
    assert recovery.sweep() == 0
    assert sender.sent == []


def test_a_killed_run_whose_worker_died_is_ended_by_the_sweeper(office: Office) -> None:
    run = office.run("kill_requested", lease_seconds=-1, kill_requested_at=datetime.now(UTC))
    recovery.sweep()
    run.refresh_from_db()
    assert run.state == "killed"
    assert kinds(run) == ["run.ended"]


def test_three_workers_may_die_and_then_the_run_is_dead_while_others_go_on(office: Office, sender: Sender) -> None:
    bad, good = office.run("queued", epoch=0), office.run("running", lease_seconds=-1)
    for attempt in range(1, lease.MOST_ATTEMPTS + 1):
        claimed = lease.claim(run_id=bad.id, owner="worker")
        assert claimed is not None
        assert claimed.attempts == attempt
        Run.objects.filter(pk=bad.pk).update(lease_expires_at=datetime.now(UTC) + PAST)
        recovery.sweep()
    bad.refresh_from_db()
    assert (bad.state, bad.reason) == ("dead", "Its worker died 3 times.")
    assert lease.claim(run_id=bad.id, owner="worker") is None
    assert good.id in sender.sent
    assert kinds(bad) == ["run.ended"]


def test_a_call_that_a_dead_worker_had_sent_is_charged_in_full(office: Office) -> None:
    run = office.run("running")
    claim = office.claim(run)
    put(claim, Batch(hold=hold("h1", 900), intents=[event()]))
    Run.objects.update(lease_expires_at=datetime.now(UTC) + PAST, attempts=lease.MOST_ATTEMPTS)
    recovery.sweep()
    closed = Hold.objects.get()
    assert (closed.state, closed.settled_nanos, closed.unreconciled) == ("settled", 900, True)
    assert {balance.held_nanos for balance in balances(claim.accounts)} == {0}
    assert verify() is None


def test_what_a_dead_workers_call_cost_is_on_the_run_and_in_its_trace(office: Office) -> None:
    run = office.run("running")
    put(office.claim(run), Batch(hold=hold("h1", 900), intents=[event()]))
    Run.objects.update(lease_expires_at=datetime.now(UTC) + PAST, attempts=lease.MOST_ATTEMPTS)
    recovery.sweep()
    run.refresh_from_db()
    assert run.cost_nanos == run_spend(run.id).spent_nanos == 900
    charge = run.events.get(kind="charge.booked")
    assert kinds(run) == ["note.added", "charge.booked", "run.ended"]
    assert (charge.data["cost_nanos"], charge.data["unreconciled"], charge.data["hold"]) == (900, True, "h1")


def test_silence_on_an_approval_is_a_no_and_the_run_goes_on(office: Office, sender: Sender) -> None:
    run = office.run("waiting_approval")
    approval = approval_of(run, expires_at=datetime.now(UTC) + PAST)
    recovery.sweep()
    approval.refresh_from_db()
    run.refresh_from_db()
    assert (approval.outcome, run.state) == ("expired", "queued")
    Run.objects.update(due_at=F("due_at") - timedelta(seconds=20))
    recovery.sweep()
    assert run.id in sender.sent
    assert kinds(run) == ["approval.decided"]


def test_silence_on_a_call_of_a_run_that_has_ended_adds_nothing_to_its_trace(office: Office) -> None:
    run = office.run("waiting_approval")
    approval = approval_of(run, expires_at=datetime.now(UTC) + timedelta(minutes=1))
    assert kill(run=run, actor="acme_operator", reason="enough")
    Approval.objects.update(expires_at=datetime.now(UTC) + PAST)
    recovery.sweep()
    approval.refresh_from_db()
    assert approval.outcome == "expired"
    assert kinds(run)[-1] == "run.ended"


def test_a_broker_that_is_away_stops_no_sweep(office: Office, sender: Sender) -> None:
    sender.broken = ConnectionError("nobody there")
    office.run("queued", due_at=datetime.now(UTC) + PAST)
    office.run("kill_requested", lease_seconds=-1, kill_requested_at=datetime.now(UTC))
    recovery.sweep()
    assert set(Run.objects.values_list("state", flat=True)) == {"queued", "killed"}
