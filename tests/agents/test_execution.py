"""A run on a real recorder and edge: from its claim to its end, past other workers, kills and faults."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from django.db import OperationalError, connection

from agents import execution, runtime
from agents.approvals.deciding import decide
from agents.contracts.messages import ToolCall
from agents.contracts.specs import AgentSpec, LoopLimits
from agents.engine.batch import HoldRequest
from agents.engine.carry_out import CarryOut
from agents.engine.ports import LostLease
from agents.kills import kill
from agents.library.sync import keep_version
from agents.lifecycle import launch, pause, resume
from agents.llms import registry
from agents.loop_limits import stricter
from agents.models import Effect, EventRow, Run
from budgets.ledger import run_spend, verify
from budgets.models import Hold
from budgets.tiers import Limits
from tests.agents.at_once import at_once
from tests.agents.batches import kinds, sequence
from tests.agents.conftest import LLM, Office
from tests.agents.engine.doubles import asks, call, says
from tests.agents.workers import PATIENCE_SECONDS, PAY, SEND, SENT, SHOUT, WrittenLLM, take_up, worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_redis", "sender")]


@pytest.fixture
def llm(office: Office, monkeypatch: pytest.MonkeyPatch) -> WrittenLLM:
    """The LLM of the office's agent, whose tools send letters."""
    SENT.clear()
    spec = AgentSpec(
        name="tester",
        title="Tester",
        purpose="Is tested.",
        system_prompt="You are tested.",
        llms=(LLM,),
        tools=(SEND, SHOUT, PAY),
    )
    keep_version(spec=spec)
    office.agent.refresh_from_db()
    written = WrittenLLM([asks(call("send", to="ann")), says("Sent.")])
    monkeypatch.setattr(registry, "resolve", lambda _reference: written)
    return written


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Iterator[runtime.Runtime]:
    """This process's worker."""
    with worker("one") as at:
        monkeypatch.setattr(runtime, "current", lambda: at)
        yield at


def launched(office: Office) -> Run:
    """A run before the workers."""
    return launch(
        tenant=office.tenant,
        surface=office.surface,
        agent=office.agent,
        task="Write to Ann.",
        actor="acme_operator",
    )


def again(run: Run) -> Run:
    """The run as it is now."""
    run.refresh_from_db()
    return run


def expire(run: Run) -> None:
    """Let the lease of a run run out."""
    Run.objects.filter(pk=run.pk).update(lease_expires_at=datetime.now(UTC) - timedelta(seconds=1))


@pytest.mark.usefixtures("at", "llm")
def test_a_run_goes_from_its_launch_to_its_answer(office: Office) -> None:
    run = launched(office)
    execution.work_on(run.id)
    assert (again(run).state, run.answer, run.lease_owner, run.attempts) == ("completed", "Sent.", "", 0)
    assert sequence(run) == list(range(1, run.next_seq))
    assert kinds(run)[:2] == ["run.launched", "run.claimed"]
    assert run.cost_nanos == run_spend(run.id).spent_nanos == 2 * 360_000
    assert (run.turn, run.steps_count) == (2, 4)
    assert Effect.objects.get().state == "succeeded"
    assert verify() is None


@pytest.mark.usefixtures("at")
def test_a_message_that_is_delivered_many_times_at_once_starts_one_run(office: Office, llm: WrittenLLM) -> None:
    run = launched(office)
    at_once(*(lambda: execution.work_on(run.id) for _ in range(8)))
    execution.work_on(run.id)
    assert again(run).state == "completed"
    assert kinds(run).count("run.claimed") == 1
    assert (llm.asked, len(SENT)) == (2, 1)


@pytest.mark.usefixtures("at")
def test_a_letter_goes_out_once_for_two_runs_of_a_tenant(office: Office, llm: WrittenLLM) -> None:
    runs = [launched(office), launched(office)]
    for run in runs:
        execution.work_on(run.id)
    assert [again(run).state for run in runs] == ["completed", "completed"]
    assert len(SENT) == 1
    assert "call.deduped" in kinds(runs[1])
    Effect.objects.update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    third = launched(office)
    execution.work_on(third.id)
    assert again(third).state == "completed"
    assert len(SENT) == 2
    assert llm.asked == 6


@pytest.mark.usefixtures("at")
def test_a_letter_goes_out_once_though_two_runs_look_for_it_at_the_same_moment(
    office: Office, llm: WrittenLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    llm.script[1] = says("Sent.")
    runs = [launched(office), launched(office)]
    both_have_looked, look, seen = Barrier(2), CarryOut._announce, list[str]()

    def announce(call: CarryOut) -> HoldRequest | None:
        if call.work.state.input.run_id not in seen:
            seen.append(call.work.state.input.run_id)
            both_have_looked.wait(PATIENCE_SECONDS)
        return look(call)

    monkeypatch.setattr(CarryOut, "_announce", announce)
    at_once(*(lambda run=run: execution.work_on(run.id) for run in runs))
    assert len(SENT) == 1
    assert Effect.objects.get().state == "succeeded"
    assert {again(run).state for run in runs} <= {"completed", "waiting_resolution"}
    assert "completed" in {run.state for run in runs}


@pytest.mark.usefixtures("at")
def test_a_run_waits_for_a_person_without_a_worker_and_goes_on_at_the_same_step(
    office: Office, llm: WrittenLLM
) -> None:
    llm.script = [asks(call("pay", to="ann")), says("Paid.")]
    run = launched(office)
    execution.work_on(run.id)
    assert (again(run).state, run.lease_owner) == ("waiting_approval", "")
    assert decide(approval=run.approvals.get(), actor="acme_approver", approve=True)
    execution.work_on(run.id)
    assert (again(run).state, run.answer) == ("completed", "Paid.")
    assert (llm.asked, len(SENT)) == (2, 1)
    assert sequence(run) == list(range(1, run.next_seq))


@pytest.mark.usefixtures("at", "llm")
def test_a_paused_run_goes_on_where_it_was(office: Office) -> None:
    run = launched(office)
    assert pause(run=run, actor="acme_operator")
    execution.work_on(run.id)
    assert again(run).state == "paused"
    assert resume(run=run, actor="acme_operator")
    execution.work_on(run.id)
    assert again(run).state == "completed"
    assert verify() is None


def test_a_kill_cuts_the_call_in_flight_and_closes_its_hold(
    office: Office, llm: WrittenLLM, at: runtime.Runtime
) -> None:
    llm.stop_before = 1
    run = launched(office)
    with ThreadPoolExecutor(1) as pool:
        work = pool.submit(in_thread, execution.work_on, run.id)
        assert llm.arrived.wait(PATIENCE_SECONDS)
        assert kill(run=run, actor="acme_operator", reason="enough")
        at.warden.renew_once()
        work.result(PATIENCE_SECONDS)
    llm.gate.set()
    assert again(run).state == "killed"
    told = kinds(run)
    assert told[-1] == "run.ended"
    assert told.count("kill.acknowledged") == 1
    assert {"model.started", "tool.started", "turn.started"}.isdisjoint(told[told.index("kill.requested") :])
    assert EventRow.objects.filter(run=run, kind="model.ended", data__status="killed").count() == 1
    assert set(Hold.objects.values_list("state", flat=True)) == {"settled"}
    assert run.cost_nanos == run_spend(run.id).spent_nanos
    assert verify() is None


def test_a_worker_that_was_stopped_longer_than_its_lease_writes_nothing_more(
    office: Office, llm: WrittenLLM, at: runtime.Runtime
) -> None:
    llm.stop_before = 1
    run = launched(office)
    with ThreadPoolExecutor(1) as pool, worker("two") as other:
        stretch = take_up(at, run.id)
        assert stretch is not None
        stopped = pool.submit(in_thread, stretch.go)
        assert llm.arrived.wait(PATIENCE_SECONDS)
        expire(run)
        llm.stop_before = -1
        taken = take_up(other, run.id)
        assert taken is not None
        taken.go()
        rows = EventRow.objects.filter(run=run).count()
        llm.gate.set()
        with pytest.raises(LostLease):
            stopped.result(PATIENCE_SECONDS)
    assert (again(run).state, run.answer, run.epoch) == ("completed", "Sent.", 2)
    assert EventRow.objects.filter(run=run).count() == rows
    assert sequence(run) == list(range(1, run.next_seq))
    assert kinds(run).count("run.ended") == 1
    assert len(SENT) == 1
    assert verify() is None


def test_what_the_stopped_workers_call_may_cost_is_charged_when_another_takes_over(
    office: Office, llm: WrittenLLM, at: runtime.Runtime
) -> None:
    llm.stop_before = 0
    run = launched(office)
    with ThreadPoolExecutor(1) as pool, worker("two") as other:
        stretch = take_up(at, run.id)
        assert stretch is not None
        stopped = pool.submit(in_thread, stretch.go)
        assert llm.arrived.wait(PATIENCE_SECONDS)
        expire(run)
        held = Hold.objects.get().amount_nanos
        llm.stop_before = -1
        taken = take_up(other, run.id)
        assert taken is not None
        taken.go()
        llm.gate.set()
        with pytest.raises(LostLease):
            stopped.result(PATIENCE_SECONDS)
    assert again(run).cost_nanos == run_spend(run.id).spent_nanos == held + 2 * 360_000
    sums = [e.data["run_cost_nanos"] for e in EventRow.objects.filter(run=run, kind="charge.booked").order_by("seq")]
    assert sums == [held, held + 360_000, held + 720_000]
    started = EventRow.objects.filter(run=run, kind="model.started").values_list("span_id", flat=True)
    ended = EventRow.objects.filter(run=run, kind="model.ended").values_list("span_id", flat=True)
    assert sorted(started) == sorted(ended)
    assert verify() is None


@pytest.mark.usefixtures("at")
def test_an_unkeyed_effect_that_was_under_way_waits_for_a_person(office: Office, llm: WrittenLLM) -> None:
    llm.script = [asks(call("shout", to="ann")), says("Sent.")]
    run = launched(office)
    execution.work_on(run.id)
    assert again(run).state == "completed"
    Effect.objects.update(state="started")
    run.steps.filter(number__gt=1).delete()
    Run.objects.filter(pk=run.pk).update(state="queued", steps_count=1)
    execution.work_on(run.id)
    assert again(run).state == "waiting_resolution"
    assert len(SENT) == 1


@pytest.mark.usefixtures("at")
def test_hostile_words_of_an_llm_never_stop_a_run(office: Office, llm: WrittenLLM) -> None:
    deep: object = "\x00"
    for _ in range(90):
        deep = [deep]
    hostile: tuple[dict[str, object], ...] = (
        {"to": 10**30},
        {"to": "\x00"},
        {"to": "\ud800"},
        {"to": deep},
        {"\x00": 1},
    )
    script = [asks(ToolCall(call_id="\x00" * 200, name="send\x00", arguments=a)) for a in hostile]  # type: ignore[arg-type]  # hostile
    letters = [asks(ToolCall(call_id="c", name="send", arguments=a)) for a in hostile]  # type: ignore[arg-type]  # hostile
    llm.script = [*script[:2], *letters, says("Sent \x00.")]
    run = launched(office)
    execution.work_on(run.id)
    assert (again(run).state, run.answer) == ("completed", "Sent \\u0000.")
    assert len(SENT) == 1
    assert all(row.to_step() for row in run.steps.all())


@pytest.mark.usefixtures("at")
def test_a_fault_of_ours_leaves_the_run_failed_with_the_reason(office: Office, llm: WrittenLLM) -> None:
    llm.script = []
    run = launched(office)
    execution.work_on(run.id)
    assert again(run).state == "failed"
    assert run.reason.startswith("An error in the runtime: IndexError")
    assert kinds(run)[-2:] == ["error.raised", "run.ended"]
    assert "open" not in Hold.objects.values_list("state", flat=True)
    assert verify() is None


def in_thread(work: object, *arguments: object) -> object:
    """Work with a connection of its own."""
    assert callable(work)
    try:
        return work(*arguments)
    finally:
        connection.close()


def test_the_stricter_limit_binds() -> None:
    own = LoopLimits(max_turns=25, max_seconds=900)
    assert stricter(own, Limits(max_turns=5, max_seconds=9_000)) == LoopLimits(max_turns=5, max_seconds=900)
    assert stricter(own, Limits(max_turns=40, max_seconds=60)) == LoopLimits(max_turns=25, max_seconds=60)


@pytest.mark.usefixtures("at", "llm")
def test_a_run_whose_database_goes_away_is_left_to_the_sweeper_and_goes_on_where_it_was(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = launched(office)
    with monkeypatch.context() as away:
        away.setattr(execution, "input_of", database_is_away)
        execution.work_on(run.id)
    assert (again(run).state, run.epoch) == ("running", 1)
    expire(run)
    execution.work_on(run.id)
    assert (again(run).state, run.answer, run.epoch) == ("completed", "Sent.", 2)
    assert sequence(run) == list(range(1, run.next_seq))


def database_is_away(_run: Run, *, started_at: datetime) -> None:  # noqa: ARG001
    """In the place of any read."""
    raise OperationalError("server closed the connection unexpectedly")
