"""Operators against workers: whichever commits first, a run ends once and every row agrees."""

import random

import pytest

from agents.approvals.deciding import decide
from agents.contracts.endings import Ending
from agents.engine.batch import Batch
from agents.engine.ports import LostLease
from agents.kills import kill
from agents.models import Approval, Run
from agents.recorder import Entry
from budgets.ledger import verify
from budgets.models import Hold
from budgets.tiers import Limits
from tests.agents.at_once import at_once
from tests.agents.batches import end, event, hold, kinds, put, recorder, sequence
from tests.agents.conftest import USD, Office, Sender
from tests.agents.test_lifecycle import approval_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_redis", "sender")]
SEED = 20261122
ROUNDS = 25


def finish(office: Office, run: Run, batches: int) -> bool:
    """What a worker does to the end: some work, then its answer. True when it was not told of a kill."""
    claim = office.claim(run)
    try:
        for _ in range(batches):
            if put(claim, Batch(facts=[event()], intents=[event("tool.started")])).kill_requested_at:
                end(claim, Ending(state="killed"))
                return False
        end(claim, Ending(state="completed", answer="Tea."))
    except LostLease:
        return False
    return True


def test_a_kill_against_completion_leaves_one_terminal_state(office: Office) -> None:
    luck = random.Random(SEED)
    outcomes = set()
    for _ in range(ROUNDS):
        run = office.run()
        work = [
            lambda run=run: finish(office, run, luck.randrange(3)),
            lambda run=run: kill(run=run, actor="x", reason="y"),
        ]
        luck.shuffle(work)
        at_once(*work)
        run.refresh_from_db()
        told = kinds(run)
        assert told.count("run.ended") == 1
        assert run.state == ("killed" if "kill.requested" in told else "completed")
        assert sequence(run) == list(range(1, run.next_seq))
        if "kill.requested" in told:
            assert "tool.started" not in told[told.index("kill.requested") :]
            assert told.count("kill.acknowledged") == 1
        outcomes.add(run.state)
    assert outcomes <= {"killed", "completed"}


def test_of_many_kills_at_once_one_counts(office: Office) -> None:
    run = office.run("queued")
    killed = at_once(
        *(lambda number=number: kill(run=run, actor=f"operator {number}", reason="enough") for number in range(8))
    )
    assert sum(killed) == 1
    assert kinds(run) == ["kill.requested", "run.ended"]


def test_of_twenty_decisions_at_once_one_counts_and_wakes_the_run_once(office: Office, sender: Sender) -> None:
    run = office.run("waiting_approval")
    approval = approval_of(run)

    def say(number: int) -> bool:
        return decide(
            approval=Approval.objects.get(pk=approval.pk), actor=f"approver {number}", approve=number % 2 == 0
        )

    said = at_once(*(lambda number=number: say(number) for number in range(20)))
    assert sum(said) == 1
    approval.refresh_from_db()
    assert approval.decided_by == f"approver {said.index(True)}"
    assert sender.sent == [run.id]
    assert kinds(run) == ["approval.decided"]


def test_many_runs_through_one_recorder_keep_their_own_order(office: Office) -> None:
    runs = [office.run() for _ in range(8)]
    claims = [office.claim(run) for run in runs]
    with recorder() as writer:

        def work(number: int) -> int:
            for turn in range(10):
                batch = Batch(facts=[event()], hold=hold(f"{number}:{turn}", 5), intents=[event("model.started")])
                assert writer.submit(Entry(claims[number], batch=batch)).refusal is None
            writer.submit(Entry(claims[number], ending=Ending(state="completed"), events=[event("run.ended")]))
            return number

        at_once(*(lambda number=number: work(number) for number in range(8)))
    for run in runs:
        assert kinds(run) == ["note.added", "model.started"] * 10 + ["run.ended"]
        assert sequence(run) == list(range(1, 22))
    assert set(Hold.objects.values_list("state", flat=True)) == {"released"}
    assert verify() is None


def test_of_64_calls_against_a_cap_for_ten_exactly_ten_are_admitted(office: Office) -> None:
    office.limits = Limits(tenant_day_nanos=USD)
    claims = [office.claim(office.run()) for _ in range(8)]
    with recorder() as writer:

        def ask(number: int) -> int:
            admitted = 0
            for turn in range(8):
                batch = Batch(hold=hold(f"{number}:{turn}", USD // 10), intents=[event("model.started")])
                admitted += writer.submit(Entry(claims[number], batch=batch)).refusal is None
            return admitted

        assert sum(at_once(*(lambda number=number: ask(number) for number in range(8)))) == 10
    assert Hold.objects.count() == 10
    told = [kind for claim in claims for kind in kinds(Run.objects.get(pk=claim.run_id))]
    assert (told.count("model.started"), told.count("hold.refused")) == (10, 54)
    assert verify() is None
