"""Commits whose answer is lost, connections that break anywhere: each batch stands once, and its run is told so."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy

import pytest
from django.db import Error, connection
from django.db.backends.postgresql.base import DatabaseWrapper

from agents import recorder as recorder_module
from agents.contracts.endings import Ending
from agents.engine.batch import Batch, Receipt
from agents.engine.ports import LostLease
from agents.models import EventRow, Run, StepRow
from agents.recorder import Entry, Recorder
from budgets.ledger import verify
from budgets.models import Hold
from tests.agents.batches import event, hold, recorder, sequence, settled, step
from tests.agents.conftest import Office
from tests.harness.faulty_proxy import FaultyProxy

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_redis")]
COMMIT = b"COMMIT\x00"
SEED = 20261122
ROUNDS = 40


@pytest.fixture(autouse=True)
def _needs_a_network(office: Office) -> None:  # noqa: ARG001
    if connection.vendor != "postgresql":
        pytest.skip("SQLite commits in this process: there is no answer to lose")


@pytest.fixture
def proxy() -> Iterator[FaultyProxy]:
    given = connection.settings_dict
    host = str(given["HOST"]).replace("/", "%2F") or "localhost"
    with FaultyProxy(f"postgres://{host}:{given['PORT'] or 5432}/") as running:
        yield running


@contextmanager
def recorder_through(proxy: FaultyProxy, *waiting: Entry) -> Iterator[Recorder]:
    """A recorder whose own connection leads through the proxy; these entries were written as one group."""
    settings = deepcopy({**connection.settings_dict, "OPTIONS": {}})
    settings |= {"OPTIONS": deepcopy(connection.settings_dict["OPTIONS"]), "HOST": "127.0.0.1", "PORT": proxy.port}
    own = DatabaseWrapper(settings, alias="through the proxy")
    own.inc_thread_sharing()
    with recorder() as writer:
        writer._connection = own
        try:
            writer._waiting.extend(waiting)
            if waiting:
                writer._write_for_all()
            yield writer
            writer.stop()
        finally:
            own.close_pool()


def test_a_batch_whose_commit_is_not_answered_stands_once(office: Office, proxy: FaultyProxy) -> None:
    run = office.run()
    claim = office.claim(run)
    with recorder_through(proxy) as writer:
        writer.submit(Entry(claim, batch=Batch(hold=hold("h1", 900), intents=[event()])))
        proxy.down.cut_before(COMMIT)
        spent = Batch(settlements=[settled("h1", 700)], facts=[event()], steps=[step(1)])
        assert writer.submit(Entry(claim, batch=spent)) == Receipt()
        assert proxy.down.cuts_left == 0
        writer.submit(Entry(claim, batch=Batch(facts=[event()])))
    run.refresh_from_db()
    assert (sequence(run), run.next_seq, run.steps_count, run.cost_nanos) == ([1, 2, 3], 4, 1, 700)
    assert StepRow.objects.count() == 1
    assert verify() is None


def test_a_batch_whose_commit_never_arrives_is_written_again(office: Office, proxy: FaultyProxy) -> None:
    run = office.run()
    with recorder_through(proxy) as writer:
        proxy.up.cut_before(COMMIT)
        batch = Batch(facts=[event()], hold=hold("h1", 900), intents=[event()])
        assert writer.submit(Entry(office.claim(run), batch=batch)) == Receipt()
        assert proxy.up.cuts_left == 0
    assert sequence(run) == [1, 2]
    assert Hold.objects.get().amount_nanos == 900
    assert verify() is None


@pytest.mark.parametrize("way", ["up", "down"])
def test_a_whole_group_is_told_what_became_of_it(office: Office, proxy: FaultyProxy, way: str) -> None:
    runs = [office.run() for _ in range(5)]
    entries = [Entry(office.claim(run), batch=Batch(facts=[event()], steps=[step(1)])) for run in runs]
    getattr(proxy, way).cut_before(COMMIT)
    with recorder_through(proxy, *entries):
        assert [entry.outcome for entry in entries] == [Receipt()] * 5
    assert [sequence(run) for run in runs] == [[1]] * 5
    assert StepRow.objects.count() == 5


def test_of_a_group_with_a_bad_batch_each_other_stands_once(office: Office, proxy: FaultyProxy) -> None:
    """The group falls, each is committed alone, and one of those answers is lost."""
    runs = [office.run() for _ in range(4)]
    claims = [office.claim(run) for run in runs]
    with recorder_through(proxy) as writer:
        writer.submit(Entry(claims[1], batch=Batch(facts=[event()], steps=[step(1)])))
        proxy.down.cut_before(COMMIT, times=2)
        entries = [Entry(claim, batch=Batch(facts=[event()], steps=[step(1)])) for claim in claims]
        writer._waiting.extend(entries)
        writer._write_for_all()
        assert proxy.down.cuts_left == 0
    assert [isinstance(entry.outcome, Receipt) for entry in entries] == [True, False, True, True]
    assert [sequence(run) for run in runs] == [[1]] * 4


def test_an_ending_whose_commit_is_not_answered_is_told_as_one(office: Office, proxy: FaultyProxy) -> None:
    run = office.run()
    ended = event("run.ended")
    with recorder_through(proxy) as writer:
        proxy.down.cut_before(COMMIT)
        ending = Ending(state="completed", answer="Tea.")
        assert writer.submit(Entry(office.claim(run), ending=ending, events=[ended])) == Receipt()
    run.refresh_from_db()
    assert (run.state, run.answer, sequence(run)) == ("completed", "Tea.", [1])


def test_what_another_worker_wrote_meanwhile_is_not_taken_for_ones_own(
    office: Office, proxy: FaultyProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = office.run()
    claim = office.claim(run)

    def taken_over(_seconds: float) -> None:
        Run.objects.filter(pk=run.id).update(epoch=2)
        with recorder() as other:
            other.submit(Entry(office.claim(run, epoch=2), batch=Batch(facts=[event("run.resumed")])))

    monkeypatch.setattr("agents.recorder.time.sleep", taken_over)
    with recorder_through(proxy) as writer:
        proxy.up.cut_before(COMMIT)
        with pytest.raises(LostLease):
            writer.submit(Entry(claim, batch=Batch(facts=[event()])))
    assert list(EventRow.objects.values_list("seq", "kind")) == [(1, "run.resumed")]


def test_a_connection_that_breaks_at_any_byte_loses_and_doubles_nothing(office: Office, proxy: FaultyProxy) -> None:
    dice = random.Random(SEED)
    run = office.run()
    claim = office.claim(run)
    with recorder_through(proxy) as writer:
        for number in range(1, ROUNDS + 1):
            way = dice.choice((proxy.up, proxy.down))
            way.cut_after_bytes = dice.randrange(1, 4_000)
            batch = Batch(facts=[event()], steps=[step(number)], hold=hold(f"h{number}", 5), intents=[event()])
            assert writer.submit(Entry(claim, batch=batch)) == Receipt(), (SEED, number)
        assert proxy.counters.cut > ROUNDS / 3, proxy.counters
    run.refresh_from_db()
    assert sequence(run) == list(range(1, 2 * ROUNDS + 1))
    assert list(run.steps.order_by("number").values_list("number", flat=True)) == list(range(1, ROUNDS + 1))
    assert (run.next_seq, Hold.objects.count()) == (2 * ROUNDS + 1, ROUNDS)
    assert verify() is None


def test_a_database_that_stays_away_is_waited_for_less_long_than_a_lease(
    office: Office, proxy: FaultyProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = office.run()
    claim = office.claim(run)
    monkeypatch.setattr(recorder_module, "PATIENCE_SECONDS", 0.5)
    with recorder_through(proxy) as writer:
        assert writer._connection is not None
        writer._connection.settings_dict["OPTIONS"]["pool"]["timeout"] = 0.5
        writer.submit(Entry(claim, batch=Batch(facts=[event()])))
        proxy.refuse = True
        proxy.cut()
        with pytest.raises(Error):
            writer.submit(Entry(claim, batch=Batch(facts=[event()])))
        proxy.heal()
        assert writer.submit(Entry(claim, batch=Batch(facts=[event()]))) == Receipt()
    assert sequence(run) == [1, 2]
