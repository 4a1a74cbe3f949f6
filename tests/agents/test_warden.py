"""The warden keeps the leases of this worker, and cuts what an operator killed or another worker took."""

import json
import time
from datetime import UTC, datetime

import pytest
import redis
from django.db import DatabaseError
from pytest_django import Settings

from agents import bell, lease, warden
from agents.kills import kill
from agents.models import Run
from agents.warden import Warden
from tests.agents.conftest import Office


def test_watched_runs_keep_their_lease(office: Office) -> None:
    run = office.run(lease_seconds=5)
    keeper = Warden("worker")
    switch = keeper.watch(run.id, run.epoch)
    keeper.renew_once()
    run.refresh_from_db()
    assert run.lease_expires_at is not None
    assert run.lease_expires_at > datetime.now(UTC) + lease.LEASE / 2
    assert not switch.thrown.is_set()


@pytest.mark.usefixtures("no_redis")
def test_a_kill_is_seen_by_polling_when_redis_is_away(office: Office) -> None:
    killed, other = office.run(), office.run()
    keeper = Warden("worker")
    switches = [keeper.watch(run.id, run.epoch) for run in (killed, other)]
    kill(run=killed, actor="acme_operator", reason="enough")
    keeper.renew_once()
    assert [switch.thrown.is_set() for switch in switches] == [True, False]


@pytest.mark.parametrize("change", [{"epoch": 2}, {"lease_owner": "another"}, {"state": "paused"}, {"state": "dead"}])
def test_a_run_that_is_no_longer_ours_is_cut(office: Office, change: dict[str, object]) -> None:
    run = office.run()
    keeper = Warden("worker")
    switch = keeper.watch(run.id, run.epoch)
    Run.objects.filter(pk=run.pk).update(**change)
    keeper.renew_once()
    assert switch.thrown.is_set()


def test_a_run_that_was_released_is_neither_renewed_nor_cut(office: Office) -> None:
    run = office.run(lease_seconds=5)
    keeper = Warden("worker")
    switch = keeper.watch(run.id, run.epoch)
    keeper.release(run.id, run.epoch)
    keeper.renew_once()
    keeper.kill([run.id])
    run.refresh_from_db()
    assert run.lease_expires_at is not None
    assert run.lease_expires_at < datetime.now(UTC) + lease.LEASE / 2
    assert not switch.thrown.is_set()


def test_a_run_claimed_again_by_the_same_worker_cuts_the_old_stretch_and_stays_in_care(
    office: Office,
) -> None:
    run = office.run(epoch=2)
    keeper = Warden("worker")
    old = keeper.watch(run.id, 1)
    new = keeper.watch(run.id, 2)
    assert (old.thrown.is_set(), new.thrown.is_set()) == (True, False)
    keeper.release(run.id, 1)
    keeper.kill([run.id])
    assert new.thrown.is_set()


def test_a_worker_that_cannot_renew_stops_itself_before_its_leases_run_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(**_: object) -> None:
        raise DatabaseError("away")

    monkeypatch.setattr(warden, "renew", fail)
    keeper = Warden("worker")
    switch = keeper.watch("run", 1)
    with pytest.raises(DatabaseError):
        keeper.renew_once()
    keeper._give_up_when_late()
    assert not switch.thrown.is_set()
    late = time.monotonic() + lease.LEASE.total_seconds() * 0.9
    monkeypatch.setattr("agents.warden.time.monotonic", lambda: late)
    keeper._give_up_when_late()
    assert switch.thrown.is_set()


@pytest.mark.django_db(transaction=True)
def test_a_kill_is_heard_on_redis(redis_url: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.REDIS_URL = redis_url
    monkeypatch.setattr(warden, "LISTEN_SECONDS", 0.2)
    keeper = Warden("worker")
    switch, other = keeper.watch("run to kill", 1), keeper.watch("another", 1)
    listening = keeper._threads[1]
    listening.start()
    with redis.Redis.from_url(redis_url) as client:
        deadline = time.monotonic() + 20
        while not switch.thrown.wait(0.05):
            assert time.monotonic() < deadline
            client.publish(bell.KILLS, json.dumps({"runs": ["run to kill"]}))
    assert not other.thrown.is_set()
    keeper._stop.set()
    listening.join(10)
    assert not listening.is_alive()
