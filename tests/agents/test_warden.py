"""The warden keeps the leases of this worker, and cuts what an operator killed or another worker took."""

import time
from collections.abc import Iterator
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

PATIENCE_SECONDS = 60


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
    keeper.kill([run.id], why="test")
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
    keeper.kill([run.id], why="test")
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


def test_a_worker_that_was_away_for_longer_than_its_leases_keeps_what_it_claims_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keeper = Warden("worker")
    before = keeper.watch("before", 1)
    claiming = time.monotonic()
    back = claiming + lease.LEASE.total_seconds() * 2
    monkeypatch.setattr("agents.warden.time.monotonic", lambda: back)
    during = keeper.watch("in between", 1, since=claiming)
    after = keeper.watch("after", 1, since=back)
    keeper._give_up_when_late()
    assert [switch.thrown.is_set() for switch in (before, during, after)] == [True, True, False]


def listeners(client: redis.Redis) -> set[str]:
    """Connections that have subscribed to something."""
    return {each["id"] for each in client.client_list(_type="pubsub") if int(each["sub"])}


@pytest.fixture
def listening(redis_url: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Warden]:
    """A warden that listens and never polls; it has subscribed."""
    settings.REDIS_URL = redis_url
    monkeypatch.setattr(warden, "LISTEN_SECONDS", 0.2)
    bell.client.cache_clear()
    keeper = Warden("worker")
    thread = keeper._threads[1]
    with redis.Redis.from_url(redis_url) as client:
        before = listeners(client)
        thread.start()
        while not listeners(client) - before:
            time.sleep(0.01)
    yield keeper
    keeper._stop.set()
    thread.join(60)
    assert not thread.is_alive()
    bell.client.cache_clear()


def test_a_kill_is_heard_at_its_first_ring_and_nobody_has_to_look(listening: Warden, office: Office) -> None:
    killed, other = office.run(), office.run()
    switches = [listening.watch(run.id, run.epoch) for run in (killed, other)]
    assert kill(run=killed, actor="acme_operator", reason="enough")
    assert switches[0].thrown.wait(PATIENCE_SECONDS)
    assert not switches[1].thrown.is_set()


def test_a_kill_is_still_heard_after_its_connection_was_cut(listening: Warden, office: Office, redis_url: str) -> None:
    run = office.run()
    switch = listening.watch(run.id, run.epoch)
    with redis.Redis.from_url(redis_url) as client:
        before = listeners(client)
        for number in before:
            client.client_kill_filter(_id=number)
        while not listeners(client) - before:
            time.sleep(0.01)
    assert kill(run=run, actor="acme_operator", reason="enough")
    assert switch.thrown.wait(PATIENCE_SECONDS)
