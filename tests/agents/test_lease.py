"""One worker holds a run, by the database's clock; whoever comes later is fenced off by the epoch."""

from datetime import UTC, datetime

import pytest

from agents import lease
from agents.contracts.endings import TERMINAL, WAITING, Ending
from agents.engine.batch import Batch
from agents.engine.ports import LostLease
from agents.models import Run
from tests.agents.at_once import at_once
from tests.agents.batches import end, event, put, sequence
from tests.agents.conftest import Office


def test_a_claim_takes_a_queued_run_under_a_new_epoch(office: Office) -> None:
    run = lease.claim(run_id=office.run("queued", epoch=0).id, owner="one")
    assert run is not None
    assert (run.state, run.epoch, run.attempts, run.lease_owner, run.due_at) == ("running", 1, 1, "one", None)
    assert run.lease_expires_at is not None
    assert run.started_at is not None
    assert 0 < (run.lease_expires_at - datetime.now(UTC)).total_seconds() <= 31


@pytest.mark.parametrize("state", ["running", "kill_requested", *sorted(WAITING), *sorted(TERMINAL)])
def test_only_a_queued_run_can_be_claimed(office: Office, state: str) -> None:
    assert lease.claim(run_id=office.run(state).id, owner="one") is None


def test_a_killed_or_worn_out_run_is_not_claimed(office: Office) -> None:
    killed = office.run("queued", kill_requested_at=datetime.now(UTC))
    worn = office.run("running", lease_seconds=-1)
    Run.objects.filter(pk=worn.pk).update(attempts=lease.MOST_ATTEMPTS)
    assert lease.claim(run_id=killed.id, owner="one") is None
    assert lease.claim(run_id=worn.id, owner="one") is None
    assert lease.claim(run_id="nothing", owner="one") is None


def test_an_expired_lease_goes_to_the_next_and_the_old_holder_is_fenced(office: Office) -> None:
    old = office.run("running", lease_seconds=-1)
    old_claim = office.claim(old)
    new = lease.claim(run_id=old.id, owner="two")
    assert new is not None
    assert (new.epoch, new.attempts, new.lease_owner) == (2, 2, "two")
    with pytest.raises(LostLease):
        put(old_claim, Batch(facts=[event()]))
    with pytest.raises(LostLease):
        end(old_claim, Ending(state="completed"))
    put(office.claim(new), Batch(facts=[event()]))
    assert sequence(new) == [1]


def test_the_start_of_a_run_is_kept_when_it_is_claimed_again(office: Office) -> None:
    begun = datetime(2026, 11, 1, tzinfo=UTC)
    run = lease.claim(run_id=office.run("queued", started_at=begun).id, owner="one")
    assert run is not None
    assert run.started_at == begun


def test_a_renewal_extends_ones_own_leases_and_tells_of_kills(office: Office) -> None:
    mine, killed, theirs, ended = (
        office.run(lease_seconds=5),
        office.run("kill_requested", lease_seconds=5, kill_requested_at=datetime.now(UTC)),
        office.run(lease_owner="another", lease_seconds=5),
        office.run("completed"),
    )
    held = {
        row.run_id: row for row in lease.renew(owner="worker", run_ids=[r.id for r in (mine, killed, theirs, ended)])
    }
    assert set(held) == {mine.id, killed.id}
    assert held[mine.id].kill_requested_at is None
    assert held[killed.id].kill_requested_at is not None
    soon = datetime.now(UTC) + lease.LEASE / 2
    extended = Run.objects.filter(lease_expires_at__gt=soon).values_list("pk", flat=True)
    assert set(extended) == {mine.id, killed.id}
    assert theirs.id not in extended


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("state", ["queued", "running"])
def test_of_eight_that_claim_at_once_one_wins(office: Office, state: str) -> None:
    run = office.run(state, lease_seconds=-1)

    def claim(number: int) -> bool:
        return lease.claim(run_id=run.id, owner=f"worker {number}") is not None

    won = at_once(*(lambda number=number: claim(number) for number in range(8)))
    assert sum(won) == 1
    run.refresh_from_db()
    assert run.epoch == 2
    assert run.lease_owner == f"worker {won.index(True)}"
