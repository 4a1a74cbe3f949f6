"""What a stop of a worker leaves in rows: queued runs, no attempt burnt; and what counts as an attempt."""

from datetime import UTC, datetime, timedelta

import pytest

from agents import execution, lease, recovery
from agents.contracts.endings import Ending
from agents.contracts.steps import SCHEMA_VERSION, NoteStep
from agents.engine.batch import Batch
from agents.kills import kill
from agents.lifecycle import resume, wake
from agents.models import Run
from agents.runtime import Runtime
from tests.agents.batches import end, kinds, put, step
from tests.agents.conftest import Office, Sender
from tests.agents.test_checkpoints import with_steps
from tests.agents.test_execution import again, at, launched, llm  # noqa: F401  # fixtures
from tests.agents.workers import WrittenLLM

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_redis", "sender")]


def die(run: Run) -> None:
    """The holder's lease runs out."""
    Run.objects.filter(pk=run.pk).update(lease_expires_at=datetime.now(UTC) - timedelta(seconds=1))


def test_a_worker_that_leaves_takes_no_run_and_leaves_it_due(office: Office, at: Runtime, sender: Sender) -> None:  # noqa: F811
    run = launched(office)
    at.warden.leave(within_seconds=60)
    execution.work_on(run.id)
    assert (again(run).state, run.epoch) == ("queued", 0)
    recovery.sweep()
    assert sender.sent == [run.id, run.id]


def test_a_run_is_handed_on_at_once_and_no_attempt_is_burnt(
    office: Office,
    at: Runtime,  # noqa: F811
    llm: WrittenLLM,  # noqa: F811
    sender: Sender,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = launched(office)
    Run.objects.filter(pk=run.pk).update(attempts=2)
    usual = llm.call

    async def told(*given: object) -> object:
        at.warden.leave(within_seconds=60)
        return await usual(*given)  # type: ignore[arg-type]  # passed through as it came

    monkeypatch.setattr(llm, "call", told)
    execution.work_on(run.id)
    assert (again(run).state, run.attempts, run.lease_owner, run.steps_count) == ("queued", 0, "", 1)
    assert sender.sent == [run.id, run.id]
    assert kinds(run)[-1] == "run.handed_on"


def test_a_kill_that_was_committed_wins_over_handing_on(office: Office) -> None:
    run = office.run()
    claim = office.claim(run)
    kill(run=run, actor="acme_operator", reason="enough")
    end(claim, Ending(state="queued"))
    assert (again(run).state, kinds(run)[-1]) == ("killed", "run.ended")


def test_a_claim_that_was_handed_back_is_no_attempt(office: Office) -> None:
    run = office.run(attempts=2)
    end(office.claim(run), Ending(state="queued"))
    assert again(run).attempts == 1
    assert run.due_at is not None


def test_a_recorded_step_starts_the_count_again(office: Office) -> None:
    run = office.run(attempts=3)
    put(office.claim(run), Batch(steps=[step(1)]))
    assert again(run).attempts == 1
    for expected in (2, 3):
        die(run)
        recovery.sweep()
        claimed = lease.claim(run_id=run.id, owner="next")
        assert claimed is not None
        assert claimed.attempts == expected
    die(run)
    recovery.sweep()
    assert again(run).state == "dead"


def test_a_person_who_lets_a_run_go_on_gives_it_all_attempts_again_and_the_clock_does_not(office: Office) -> None:
    asked, funded = office.run("paused", attempts=2), office.run("paused_budget", attempts=2)
    assert resume(run=asked, actor="acme_operator")
    assert wake(run=funded, actor="the clock", why="a new day", waiting_in={"paused_budget"}, by_person=False)
    assert (again(asked).attempts, again(funded).attempts) == (0, 2)


def test_a_run_that_lost_its_message_before_it_was_sent_is_found(office: Office, sender: Sender) -> None:
    run = office.run("queued", due_at=None)
    assert [recovery.sweep(), recovery.sweep()] == [1, 0]
    assert sender.sent == [run.id]


def test_a_sweep_stops_at_the_first_message_that_the_broker_does_not_take(office: Office, sender: Sender) -> None:
    for _ in range(3):
        office.run("queued")
    sender.broken = ConnectionError("nobody there")
    assert recovery.ring_due() == 0
    assert Run.objects.exclude(due_at=None).count() == 1
    sender.broken = None
    assert recovery.ring_due() == 3


@pytest.mark.usefixtures("at", "llm")
def test_a_run_that_a_newer_release_has_worked_on_waits_for_a_worker_of_it(office: Office, sender: Sender) -> None:
    run = launched(office)
    with_steps(run, NoteStep(text="one")).steps.update(schema_version=SCHEMA_VERSION + 1)
    execution.work_on(run.id)
    assert (again(run).state, run.attempts) == ("queued", 0)
    assert "newer release" in run.reason
    assert run.due_at is not None
    assert run.due_at > datetime.now(UTC) + timedelta(seconds=5)
    assert sender.sent == [run.id], "nobody is rung for it before that time"
    run.steps.update(schema_version=SCHEMA_VERSION)
    execution.work_on(run.id)
    assert (again(run).state, run.reason) == ("completed", "")
