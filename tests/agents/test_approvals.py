"""An approval holds for one call with exactly these arguments, and lets it happen once, however many give it."""

from collections.abc import Iterator

import pytest

from agents import execution, runtime
from agents.library.sync import keep_version
from agents.lifecycle import decide, launch
from agents.llms import registry
from agents.models import Effect, Run
from tests.agents.at_once import at_once
from tests.agents.batches import kinds
from tests.agents.conftest import Office, agent_spec
from tests.agents.engine.doubles import asks, call, says
from tests.agents.workers import PAY, SENT, WrittenLLM, worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_redis", "sender")]
PEOPLE = 20


@pytest.fixture(autouse=True)
def _at_work(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process's worker; its LLM wants to pay Ann."""
    SENT.clear()
    written = WrittenLLM([asks(call("pay", to="ann", number=5)), says("Paid.")])
    monkeypatch.setattr(registry, "resolve", lambda _reference: written)
    with worker("one") as at:
        monkeypatch.setattr(runtime, "current", lambda: at)
        yield


@pytest.fixture
def asked(office: Office) -> Run:
    """A run that waits for a person's word on a payment."""
    keep_version(spec=agent_spec(PAY))
    office.agent.refresh_from_db()
    run = launch(
        tenant=office.tenant, surface=office.surface, agent=office.agent, task="Pay Ann.", actor="acme_operator"
    )
    execution.work_on(run.id)
    run.refresh_from_db()
    assert run.state == "waiting_approval"
    return run


def test_what_was_approved_for_other_arguments_is_refused(asked: Run) -> None:
    assert decide(approval=asked.approvals.get(), actor="acme_approver", approve=True)
    step = asked.steps.get(number=1)
    step.output["message"]["calls"][0]["arguments"]["number"] = 5_000
    step.save()
    execution.work_on(asked.id)
    asked.refresh_from_db()
    assert (asked.state, SENT) == ("completed", [])
    assert not Effect.objects.exists()
    assert asked.steps.get(number=2).output["result"]["status"] == "denied"


def test_twenty_approvals_at_once_and_as_many_workers_make_one_payment(asked: Run) -> None:
    approval = asked.approvals.get()
    said = at_once(*(lambda n=n: decide(approval=approval, actor=f"person {n}", approve=True) for n in range(PEOPLE)))
    assert sum(said) == 1
    at_once(*(lambda: execution.work_on(asked.id) for _ in range(PEOPLE)))
    asked.refresh_from_db()
    approval.refresh_from_db()
    assert (asked.state, len(SENT), approval.decided_by) == ("completed", 1, f"person {said.index(True)}")
    assert kinds(asked).count("approval.decided") == 1
    assert Effect.objects.get().state == "succeeded"


def test_a_word_that_comes_after_a_denial_lets_nothing_happen(asked: Run) -> None:
    approval = asked.approvals.get()
    said = at_once(
        *(lambda n=n: decide(approval=approval, actor=f"person {n}", approve=n != 0) for n in range(2)),
    )
    assert sum(said) == 1
    execution.work_on(asked.id)
    assert len(SENT) == said[1]
