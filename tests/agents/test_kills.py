"""Stopping many runs by one order, and a run whose worker does not hear."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents import bell, kills
from agents.contracts.endings import WAITING
from agents.engine.batch import Batch
from agents.engine.ports import LostLease
from agents.kills import force, kill, kill_all
from agents.models import Effect, KillOrder, Run
from budgets.ledger import verify
from budgets.models import Action, Hold
from tests.agents.batches import effect, event, hold, kinds, put, sequence
from tests.agents.conftest import Office

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_redis")]
OPERATOR = "acme_operator"
LONG_AGO = timedelta(seconds=6)


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], int]]:
    """What was rung for: the runs that workers hold, and how many heads."""
    heard: list[tuple[list[str], int]] = []

    def ring(run_ids: tuple[str, ...], heads: list[bell.Head]) -> bool:
        heard.append((sorted(run_ids), len(heads)))
        return True

    monkeypatch.setattr(bell, "ring_kills", ring)
    return heard


def order_all(office: Office) -> KillOrder:
    """Stop everything of the office."""
    runs = Run.objects.filter(tenant=office.tenant)
    return kill_all(runs=runs, scope="all of acme", actor=OPERATOR, reason="wrong refunds\x00", tenant=office.tenant)


def test_one_order_stops_all_runs_and_ends_those_that_no_worker_holds(
    office: Office, rung: list[tuple[list[str], int]]
) -> None:
    held = [office.run(cost_nanos=5) for _ in range(3)]
    waiting = [office.run(state, cost_nanos=7) for state in ("queued", *sorted(WAITING))]
    ended, killed_before = office.run("completed"), office.run()
    kill(run=killed_before, actor="another", reason="earlier")
    rung.clear()
    order = order_all(office)
    assert (order.runs_count, order.spent_nanos, order.reason) == (8, 3 * 5 + 5 * 7, "wrong refunds\\u0000")
    assert KillOrder.objects.get() == order
    assert rung == [(sorted(run.id for run in held), 8)]
    for run in held:
        run.refresh_from_db()
        assert (run.state, run.kill_order, kinds(run)) == ("kill_requested", order, ["kill.requested"])
    for run in waiting:
        run.refresh_from_db()
        assert (run.state, run.kill_order, kinds(run)) == ("killed", order, ["kill.requested", "run.ended"])
        assert run.kill_acknowledged_at is None
        assert run.reason == f"Killed by {OPERATOR}: wrong refunds\\u0000"
        assert sequence(run) == [1, 2]
    for run in (ended, killed_before):
        run.refresh_from_db()
        assert run.kill_order is None


def test_an_order_for_many_runs_takes_as_many_statements_as_one_for_two(office: Office) -> None:
    counts = []
    for number in (2, 60):
        for _ in range(number):
            office.run()
            office.run("queued")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert order_all(office).runs_count == 2 * number
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_more_runs_than_fit_into_a_commit_are_stopped_by_several(
    office: Office, rung: list[tuple[list[str], int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kills, "MOST_AT_ONCE", 2)
    runs = sorted(office.run().id for _ in range(5))
    order = order_all(office)
    assert rung == [(runs[:2], 2), (runs[2:4], 2), (runs[4:], 1)]
    order.refresh_from_db()
    assert order.runs_count == 5


def test_an_order_is_an_action_with_its_scope_and_its_count(office: Office) -> None:
    office.run()
    order = order_all(office)
    action = Action.objects.get(verb="runs.kill")
    assert (action.target, action.actor) == ("all of acme", OPERATOR)
    assert action.after == {"order": order.pk, "runs": 1}
    assert action.reason == "wrong refunds\\u0000"


def test_a_kill_is_an_action_on_its_run_and_one_that_came_too_late_is_none(office: Office) -> None:
    run = office.run()
    assert kill(run=run, actor=OPERATOR, reason="enough")
    assert not kill(run=run, actor=OPERATOR, reason="enough")
    action = Action.objects.on_run(run.id).get()
    assert (action.verb, action.reason, action.tenant) == ("run.kill", "enough", office.tenant)


def test_a_deaf_worker_is_cut_off_and_what_it_began_is_charged_and_unknown(office: Office) -> None:
    run = office.run()
    claim = office.claim(run)
    put(claim, Batch(hold=hold("h1", 900), intents=[event("model.started")], effects_started=[effect()]))
    Run.objects.filter(pk=run.pk).update(kill_requested_at=datetime.now(UTC) - LONG_AGO, state="kill_requested")
    assert force(run=run, actor=OPERATOR, reason="it does not hear")
    run.refresh_from_db()
    assert (run.state, run.epoch, run.cost_nanos, run.kill_acknowledged_at) == ("killed", 2, 900, None)
    assert Hold.objects.get().settled_nanos == 900
    assert Effect.objects.get().state == "unknown"
    assert kinds(run)[-4:] == ["kill.forced", "charge.booked", "effect.unknown", "run.ended"]
    with pytest.raises(LostLease):
        put(claim, Batch(facts=[event()]))
    assert Action.objects.on_run(run.id).get().verb == "run.force"
    assert verify() is None


@pytest.mark.parametrize(
    ("state", "asked"), [("running", None), ("killed", LONG_AGO), ("kill_requested", timedelta(seconds=4))]
)
def test_only_a_kill_that_was_not_followed_in_time_can_be_forced(
    office: Office, state: str, asked: timedelta | None
) -> None:
    run = office.run(state, kill_requested_at=datetime.now(UTC) - asked if asked else None)
    assert not force(run=run, actor=OPERATOR, reason="it does not hear")
    run.refresh_from_db()
    assert (run.state, run.epoch, kinds(run)) == (state, 1, [])
    assert not Action.objects.on_run(run.id).exists()
