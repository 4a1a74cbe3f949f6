"""Eight workers, and each message delivered five times: one of them holds each run, and everything happens once."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta

import pytest

from agents import lease
from agents.contracts.specs import AgentSpec
from agents.engine.ports import LostLease
from agents.lease import MOST_ATTEMPTS
from agents.library.sync import keep_version
from agents.lifecycle import launch
from agents.llms import registry
from agents.models import Effect, EventRow, Run
from agents.runtime import Runtime
from budgets import clock
from budgets.ledger import run_spend, verify
from budgets.models import Hold
from tests.agents.at_once import at_once
from tests.agents.batches import kinds, sequence
from tests.agents.conftest import LLM, Office
from tests.agents.engine.doubles import asks, call, says
from tests.agents.test_execution import in_thread
from tests.agents.workers import PATIENCE_SECONDS, SENT, SHOUT, WrittenLLM, take_up, worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_redis", "sender")]
WORKERS, DELIVERIES, RUNS = 8, 5, 6
SEED = 20261122
CALL_NANOS = 360_000


@pytest.fixture
def workers() -> Iterator[list[Runtime]]:
    with ExitStack() as running:
        yield [running.enter_context(worker(f"worker {number}")) for number in range(WORKERS)]


@pytest.fixture
def llm(office: Office, monkeypatch: pytest.MonkeyPatch) -> WrittenLLM:
    """It asks for one letter without a key, then answers."""
    SENT.clear()
    spec = AgentSpec(
        name="tester",
        title="Tester",
        purpose="Is tested.",
        system_prompt="You are tested.",
        llms=(LLM,),
        tools=(SHOUT,),
    )
    keep_version(spec=spec)
    office.agent.refresh_from_db()
    written = WrittenLLM([asks(call("shout", to="ann")), says("Sent.")])
    monkeypatch.setattr(registry, "resolve", lambda _reference: written)
    return written


def launched(office: Office) -> Run:
    """A run before the workers."""
    return launch(tenant=office.tenant, surface=office.surface, agent=office.agent, task="Tea.", actor="acme_operator")


def work_through(at: Runtime, messages: list[str]) -> int:
    """What a worker does with its messages; how many of them made it work."""
    worked = 0
    for run_id in messages:
        stretch = take_up(at, run_id)
        if stretch is not None:
            worked += 1
            stretch.go()
    return worked


def shared_out(run_ids: list[str]) -> list[list[str]]:
    """Each message five times, in any order, to any worker."""
    luck = random.Random(SEED)
    messages = run_ids * DELIVERIES
    luck.shuffle(messages)
    return [messages[number::WORKERS] for number in range(WORKERS)]


def test_each_run_is_worked_on_once(office: Office, workers: list[Runtime], llm: WrittenLLM) -> None:
    runs = [launched(office) for _ in range(RUNS)]
    shares = shared_out([run.id for run in runs])
    worked = at_once(*(lambda n=n: work_through(workers[n], shares[n]) for n in range(WORKERS)))
    assert sum(worked) == RUNS
    assert (llm.asked, len(SENT)) == (2 * RUNS, RUNS)
    for run in runs:
        run.refresh_from_db()
        assert (run.state, run.epoch, run.attempts, run.answer) == ("completed", 1, 0, "Sent.")
        assert sequence(run) == list(range(1, run.next_seq))
        assert [kinds(run).count(kind) for kind in ("run.claimed", "tool.started", "run.ended")] == [1, 1, 1]
        assert Hold.objects.of_run(run.id).count() == 2
        assert run.cost_nanos == run_spend(run.id).spent_nanos == 2 * CALL_NANOS
    assert Effect.objects.filter(state="succeeded").count() == RUNS
    assert verify() is None


def test_a_run_whose_worker_stopped_goes_to_one_other_and_loses_one_attempt(
    office: Office, workers: list[Runtime], llm: WrittenLLM
) -> None:
    llm.stop_before = 1
    run = launched(office)
    stopped = take_up(workers[0], run.id)
    assert stopped is not None
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(in_thread, stopped.go)
        assert llm.arrived.wait(PATIENCE_SECONDS)
        llm.stop_before = -1
        Run.objects.filter(pk=run.id).update(lease_expires_at=clock.now() - timedelta(seconds=1))
        shares = shared_out([run.id] * WORKERS)
        worked = at_once(*(lambda n=n: work_through(workers[n], shares[n]) for n in range(1, WORKERS)))
        llm.gate.set()
        with pytest.raises(LostLease):
            late.result(PATIENCE_SECONDS)
    assert sum(worked) == 1
    run.refresh_from_db()
    assert (run.state, run.epoch, len(SENT)) == ("completed", 2, 1)
    assert sequence(run) == list(range(1, run.next_seq))
    assert list(EventRow.objects.filter(run=run, kind="run.claimed").values_list("data__attempt", flat=True)) == [1, 2]
    assert sorted(Hold.objects.values_list("unreconciled", flat=True)) == [False, False, True]
    assert "open" not in Hold.objects.values_list("state", flat=True)
    assert verify() is None


def test_messages_for_a_run_at_work_burn_no_attempt(office: Office) -> None:
    run = office.run("queued", epoch=0)
    won = at_once(*(lambda n=n: lease.claim(run_id=run.id, owner=f"worker {n}") is not None for n in range(WORKERS)))
    assert sum(won) == 1
    for _ in range(DELIVERIES * WORKERS):
        assert lease.claim(run_id=run.id, owner="late") is None
    run.refresh_from_db()
    assert (run.attempts, run.epoch) == (1, 1)
    assert run.attempts < MOST_ATTEMPTS
