"""After a restore: old workers are fenced for good, runs that act wait for a person, runs that read go on."""

import pytest

from agents.contracts.specs import AgentSpec
from agents.engine.batch import Batch
from agents.engine.ports import LostLease
from agents.library.sync import keep_version
from agents.lifecycle import resume
from agents.models import Run
from agents.recovery import sweep
from agents.restored import EPOCHS_SINCE_A_BACKUP, MAY_HAVE_ACTED, take_back_runs
from budgets.ledger import verify
from budgets.models import Hold
from tests.agents.batches import event, hold, put, sequence
from tests.agents.conftest import LLM, Office, Sender
from tests.agents.workers import SEND

pytestmark = pytest.mark.usefixtures("no_redis", "sender")


@pytest.fixture
def writing(office: Office) -> Office:
    """The office, whose agent sends letters from now on."""
    spec = AgentSpec(
        name="tester", title="Tester", purpose="Is tested.", system_prompt="You are tested.", llms=(LLM,), tools=(SEND,)
    )
    keep_version(spec=spec)
    office.agent.refresh_from_db()
    return office


def again(run: Run) -> Run:
    run.refresh_from_db()
    return run


@pytest.mark.parametrize("claims_since", [0, 1, 2, 500])
def test_no_epoch_that_a_worker_of_before_may_hold_writes_any_more(office: Office, claims_since: int) -> None:
    run = office.run(epoch=3)
    take_back_runs()
    Run.objects.filter(pk=run.pk).update(state="running", epoch=again(run).epoch + 1)
    head = again(run).next_seq
    with pytest.raises(LostLease):
        put(office.claim(run, epoch=3 + claims_since), Batch(facts=[event()]))
    assert again(run).next_seq == head
    put(office.claim(run), Batch(facts=[event()]))
    assert sequence(run) == list(range(1, head + 1))


@pytest.mark.parametrize("state", ["queued", "running", "waiting_approval", "paused_budget", "waiting_resolution"])
def test_a_run_that_may_have_acted_waits_for_a_person_who_resumes_it(writing: Office, state: str) -> None:
    run = writing.run(state, next_seq=1)
    assert take_back_runs().paused == 1
    assert (again(run).state, run.reason, run.lease_owner) == ("paused", MAY_HAVE_ACTED, "")
    sweep()
    assert again(run).state == "paused"
    assert resume(run=run, actor="acme_operator", why="nothing was sent")
    assert (again(run).state, run.reason) == ("queued", "")


def test_a_run_that_only_reads_goes_on_by_itself(office: Office, sender: Sender) -> None:
    run = office.run(epoch=1)
    assert take_back_runs().going_on == 1
    assert (again(run).state, run.epoch, run.attempts) == ("queued", 1 + EPOCHS_SINCE_A_BACKUP, 0)
    sweep()
    assert sender.sent == [run.id]


def test_a_run_that_only_reads_waits_on_for_what_it_waited_for(office: Office) -> None:
    run = office.run("paused_budget")
    take_back_runs()
    assert again(run).state == "paused_budget"


def test_a_run_that_was_being_killed_is_ended(writing: Office) -> None:
    run = writing.run("kill_requested", kill_requested_by="acme_operator")
    Run.objects.filter(pk=run.pk).update(kill_requested_at=run.created_at)
    take_back_runs()
    sweep()
    assert again(run).state == "killed"


def test_money_that_was_held_is_charged_as_after_a_crash(office: Office) -> None:
    run = office.run()
    put(office.claim(run), Batch(hold=hold("h1", 900), intents=[event()]))
    take_back_runs()
    held = Hold.objects.get()
    assert (held.state, held.settled_nanos, held.unreconciled) == ("settled", 900, True)
    assert again(run).cost_nanos == 900
    assert verify() is None


def test_runs_that_had_ended_stay_as_they_were(office: Office) -> None:
    run = office.run("completed", epoch=2)
    take_back_runs()
    assert (again(run).state, run.epoch) == ("completed", 2)


def test_doing_it_twice_fences_again_and_keeps_what_waits(writing: Office) -> None:
    run = writing.run()
    take_back_runs()
    take_back_runs()
    assert (again(run).state, run.epoch) == ("paused", 1 + 2 * EPOCHS_SINCE_A_BACKUP)
