"""A run is replayed from its rows, as its own version went or as another one would; the rows stay as they are."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from django.db import connection

from agents import execution, runtime
from agents.approvals.deciding import decide
from agents.contracts.messages import AssistantMessage
from agents.contracts.specs import AgentSpec, ToolSpec
from agents.contracts.steps import SCHEMA_VERSION
from agents.contracts.upcast import NewerCheckpoint
from agents.forks import fork
from agents.kills import kill
from agents.library.sync import keep_version
from agents.lifecycle import launch
from agents.llms import registry
from agents.models import Approval, Run
from agents.models.agent import AgentVersion
from agents.replay.of_run import replay_run
from tests.agents.conftest import LLM, Office
from tests.agents.engine.doubles import asks, call, says
from tests.agents.workers import PAY, SEND, SENT, SHOUT, WrittenLLM, worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_redis", "sender")]
SCRIPT = [
    asks(call("send", "l1", to="ann"), call("pay", "p1", to="bank")),
    asks(call("send", "l2", to="ann")),
    says("Sent."),
]
Went = Callable[[Run], Run]


def with_tools(*tools: ToolSpec, prompt: str = "You are tested.") -> AgentVersion:
    """A version of the office's agent."""
    spec = AgentSpec(
        name="tester", title="Tester", purpose="Is tested.", system_prompt=prompt, llms=(LLM,), tools=tools
    )
    return keep_version(spec=spec)


@pytest.fixture
def at(office: Office, monkeypatch: pytest.MonkeyPatch) -> Iterator[runtime.Runtime]:
    """A worker whose LLM has a script, and the agent's version."""
    SENT.clear()
    with_tools(SEND, SHOUT, PAY)
    office.agent.refresh_from_db()
    llm = WrittenLLM(list[AssistantMessage](SCRIPT))
    monkeypatch.setattr(registry, "resolve", lambda _reference: llm)
    with worker("one") as at:
        monkeypatch.setattr(runtime, "current", lambda: at)
        yield at


@pytest.fixture
def run(office: Office, at: runtime.Runtime) -> Run:  # noqa: ARG001
    """A run that sent, paid after a person's leave, and answered."""
    run = launch(tenant=office.tenant, surface=office.surface, agent=office.agent, task="Write.", actor="acme_operator")
    execution.work_on(run.pk)
    decide(approval=Approval.objects.get(run=run), actor="acme_approver", approve=True)
    execution.work_on(run.pk)
    run.refresh_from_db()
    assert run.state == "completed"
    return run


def only_reads(statements: Sequence[str]) -> bool:
    return all(statement.lstrip().upper().startswith("SELECT") for statement in statements)


def test_a_run_is_replayed_from_its_rows_and_nothing_is_written(run: Run) -> None:
    sent, statements = len(SENT), list[str]()

    def heard(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        statements.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(heard):
        report = replay_run(run, version=run.version)
    assert report.same
    assert (report.steps, len(SENT)) == (run.steps_count, sent)
    assert statements
    assert only_reads(statements)


def test_a_fork_and_a_killed_run_are_replayed_as_far_as_they_went(run: Run) -> None:
    child = fork(run=run, step=4, actor="acme_operator", reason="Again.", system_prompt="You are brief.")
    assert replay_run(child).steps == 0
    execution.work_on(child.pk)
    child.refresh_from_db()
    report = replay_run(child)
    assert (report.same, report.steps) == (True, child.steps_count - 4)
    other = fork(run=run, step=4, actor="acme_operator", reason="Again.")
    kill(run=other, actor="acme_operator", reason="Enough.")
    assert replay_run(other).same


def test_another_version_is_compared_with_what_this_one_asked(run: Run) -> None:
    brief = with_tools(SEND, SHOUT, PAY, prompt="You are brief.")
    report = replay_run(run, version=brief)
    assert (report.request is not None, report.divergence) == (True, None)
    poor = replay_run(run, version=with_tools(SHOUT, PAY))
    assert poor.divergence is not None
    assert poor.divergence.text == "Step 2: recorded was that send answers ok; now there is no tool send."


def test_a_newer_checkpoint_is_not_replayed(run: Run) -> None:
    run.steps.filter(number=2).update(schema_version=SCHEMA_VERSION + 1)
    with pytest.raises(NewerCheckpoint):
        replay_run(run)
