"""Retry and fork: a new run takes over steps, sends nothing a second time, and pays for itself."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import models

from agents import execution, runtime
from agents.admission import LaunchRefused
from agents.contracts.base import JsonObject
from agents.contracts.specs import AgentSpec
from agents.contracts.steps import SCHEMA_VERSION, LLMStep
from agents.forks import ForkRefused, fork, good_step, retry
from agents.library.sync import keep_version
from agents.lifecycle import Upload, launch
from agents.llms import registry
from agents.models import Effect, EventRow, Run
from agents.replay.plan import plan
from agents.run_input import input_of
from agents.run_ports.memory import RunMemory
from budgets.ledger import run_spend, verify
from budgets.models import Action
from tests.agents.batches import kinds, sequence
from tests.agents.conftest import LLM, USD, Office, Sender
from tests.agents.engine.doubles import asks, call, says
from tests.agents.workers import PAY, SEND, SENT, SHOUT, WrittenLLM, worker
from tests.tier_edit import limit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_redis", "sender")]
LETTER, SHOUTED = call("send", "l1", to="ann"), call("shout", "s1", to="ben")
ACTOR, WHY = "acme_operator", "It went wrong."
SCRIPT = [asks(LETTER), asks(SHOUTED), says("Sent; I could not shout.")]
LAST, SENT_ALL, ASKED_TO_SHOUT = 6, 4, 3
"""The steps: 1 asks for the letter, 2 it is sent, 3 asks for the shout, 4 it is sent, 5 the answer, 6 the verdict."""


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
    written = WrittenLLM(list(SCRIPT))
    monkeypatch.setattr(registry, "resolve", lambda _reference: written)
    return written


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Iterator[runtime.Runtime]:
    """This process's worker."""
    with worker("one") as at:
        monkeypatch.setattr(runtime, "current", lambda: at)
        yield at


@pytest.fixture
def run(office: Office, llm: WrittenLLM, at: runtime.Runtime) -> Run:  # noqa: ARG001
    """A run that sent a letter and a shout, and answered."""
    run = launch(
        tenant=office.tenant,
        surface=office.surface,
        agent=office.agent,
        task="Write to Ann.",
        actor="acme_operator",
        user="ann",
        attachments=[Upload("a.txt", "text/plain", b"tea")],
    )
    return worked_on(run, "completed")


def worked_on(run: Run, state: str) -> Run:
    """The run after a worker had it, in that state."""
    execution.work_on(run.pk)
    run.refresh_from_db()
    assert run.state == state, run.reason
    return run


def ended(run: Run, state: str) -> Run:
    """The run as if it had ended so."""
    Run.objects.filter(pk=run.pk).update(state=state)
    run.refresh_from_db()
    return run


def go_back(run: Run, step: int, **changes: Any) -> Run:
    """A fork by the usual operator."""
    return fork(run=run, step=step, actor=ACTOR, reason=WHY, **changes)


def once_more(run: Run, from_step: int = 0) -> Run:
    """A retry by the usual operator."""
    return retry(run=run, from_step=from_step, actor=ACTOR, reason=WHY)


def rows() -> dict[str, int]:
    """How many rows each table has."""
    found: list[type[models.Model]] = [*apps.get_app_config("agents").get_models(), Action]
    return {model.__name__: model._default_manager.count() for model in found}


def fates(run: Run, step: int, *rewritten: str) -> list[tuple[str, str]]:
    return [(each.effect.tool, each.fate) for each in plan(run, step, rewritten=rewritten)]


def forget_the_tenants_effects() -> None:
    """Let what the tenant's runs share be so old that any of them may do it again."""
    Effect.objects.exclude(expires_at=None).update(expires_at=datetime.now(UTC) - timedelta(seconds=1))


def test_a_fork_takes_over_the_steps_and_goes_on_from_there(run: Run, llm: WrittenLLM, sender: Sender) -> None:
    asked = llm.asked
    child = go_back(run, SENT_ALL)
    assert (child.origin, child.parent, child.parent_step, child.steps_count) == ("fork", run, SENT_ALL, SENT_ALL)
    assert sender.sent[-1] == child.pk
    assert [row.to_step() for row in child.steps.order_by("number")] == [
        row.to_step() for row in run.steps.order_by("number")[:SENT_ALL]
    ]
    worked_on(child, "completed")
    assert (llm.asked - asked, len(SENT), child.steps_count, child.turn) == (1, 2, LAST, 3)
    assert kinds(child)[:3] == ["run.launched", "run.forked", "run.claimed"]
    assert sequence(child) == list(range(1, child.next_seq))
    assert [file.name for file in child.attachments.all()] == ["a.txt"]
    assert verify() is None


def test_a_fork_pays_from_nothing_on_its_own_account(run: Run) -> None:
    child = worked_on(go_back(run, SENT_ALL), "completed")
    assert (run.cost_nanos, child.cost_nanos) == (3 * 360_000, 360_000)
    assert run_spend(child.pk).spent_nanos == 360_000
    run.refresh_from_db()
    assert run.cost_nanos == run_spend(run.pk).spent_nanos == 3 * 360_000


def test_what_the_copied_steps_did_is_not_done_again_even_when_the_llm_asks_for_it(run: Run, llm: WrittenLLM) -> None:
    forget_the_tenants_effects()
    assert fates(run, SENT_ALL) == [("send", "reused"), ("shout", "reused")]
    child = go_back(run, SENT_ALL)
    again = asks(call("send", "l2", to="ann"), call("shout", "s2", to="ben"))
    llm.script = [*SCRIPT[:2], again, says("Sent.")]
    worked_on(child, "completed")
    assert len(SENT) == 2
    assert kinds(child).count("call.deduped") == 2
    grandchild = go_back(child, child.steps_count - 2)
    llm.script = [*SCRIPT[:2], again, asks(call("shout", "s3", to="ben")), says("Sent.")]
    worked_on(grandchild, "completed")
    assert len(SENT) == 2


def test_what_comes_after_the_step_is_done_again_unless_the_tenant_shares_it(run: Run) -> None:
    assert fates(run, 0) == [("send", "reused"), ("shout", "executed again")]
    worked_on(go_back(run, 0), "completed")
    assert len(SENT) == 3
    forget_the_tenants_effects()
    assert fates(run, 0) == [("send", "executed again"), ("shout", "executed again")]


def test_what_nobody_knows_the_outcome_of_waits_for_a_person_in_the_fork(run: Run) -> None:
    run.effects.filter(tool="shout").update(state="started", ended_at=None, result=None)
    assert fates(run, 0) == [("send", "reused"), ("shout", "unknown")]
    child = go_back(run, ASKED_TO_SHOUT)
    own = child.effects.get(tool="shout")
    assert (own.state, own.epoch, own.unknown_since is not None) == ("unknown", 0, True)
    worked_on(child, "waiting_resolution")
    assert len(SENT) == 2


def test_what_a_person_has_given_up_is_not_made_by_the_fork(run: Run) -> None:
    run.effects.filter(tool="shout").update(state="resolved", outcome="given_up", result=None)
    assert fates(run, 0) == [("send", "reused"), ("shout", "reused")]
    child = go_back(run, 0)
    assert child.effects.get(tool="shout").outcome == "given_up"
    worked_on(child, "degraded")
    assert len(SENT) == 2


def test_a_fork_asks_another_llm_and_with_other_instructions(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    other, asked = f"{LLM}+slow=0", []
    written = WrittenLLM(list(SCRIPT))

    def resolve(reference: str) -> WrittenLLM:
        asked.append(reference)
        return written

    monkeypatch.setattr(registry, "resolve", resolve)
    child = go_back(run, SENT_ALL, llm=other, system_prompt="You are brief.")
    assert (child.llm, child.overrides, run.overrides) == (other, {"system_prompt": "You are brief."}, {})
    worked_on(child, "completed")
    assert asked == [other]
    last = child.steps.get(number=SENT_ALL + 1).to_step().output
    assert isinstance(last, LLMStep)
    assert last.asked_llm == other
    heard = once_more(child)
    assert (heard.llm, heard.overrides) == (other, {"system_prompt": "You are brief."})


def test_instructions_of_a_fork_are_what_its_llm_is_told(run: Run) -> None:
    child = go_back(run, SENT_ALL, system_prompt="You are brief.")
    assert input_of(child, started_at=child.created_at).spec.system_prompt == "You are brief."
    assert input_of(run, started_at=run.created_at).spec.system_prompt == "You are tested."


def test_a_call_goes_out_with_the_new_arguments(run: Run) -> None:
    assert fates(run, ASKED_TO_SHOUT, "s1") == [("send", "reused"), ("shout", "executed again")]
    child = go_back(run, ASKED_TO_SHOUT, arguments={"s1": {"to": "eve"}})
    worked_on(child, "completed")
    assert child.effects.get(tool="shout").arguments == {"to": "eve"}
    assert run.effects.get(tool="shout").arguments == {"to": "ben"}
    answer = run.steps.get(number=ASKED_TO_SHOUT).to_step().output
    assert isinstance(answer, LLMStep)
    assert answer.message.calls[0].arguments == {"to": "ben"}


def test_who_forked_why_and_what_it_changes_is_on_record(run: Run) -> None:
    child = go_back(run, ASKED_TO_SHOUT, arguments={"s1": {"to": "eve"}})
    forked = EventRow.objects.get(run=child, kind="run.forked").data
    assert (forked["from"], forked["step"], forked["by"]) == (run.pk, ASKED_TO_SHOUT, "acme_operator")
    assert (forked["reason"], forked["changed"]) == ("It went wrong.", {"arguments": {"s1": {"to": "eve"}}})
    assert forked["effects"] == {"executed again": 1, "reused": 1}
    action = Action.objects.get(verb="run.fork")
    assert (action.actor, action.run_id, action.reason) == ("acme_operator", run.pk, "It went wrong.")
    assert action.after == {"run": child.pk, "step": ASKED_TO_SHOUT, "changed": ["arguments"]}


def test_a_retry_starts_over_under_the_limits_of_today(run: Run, office: Office) -> None:
    limit(office.surface, run_nanos=USD)
    child = once_more(run)
    assert (child.origin, child.parent_step, child.steps_count, child.cap_nanos) == ("retry", 0, 0, USD)
    assert (child.version, child.llm, child.task, child.user) == (run.version, run.llm, run.task, run.user)
    worked_on(child, "completed")
    assert Action.objects.get(verb="run.retry").after["run"] == child.pk


def test_a_failed_run_is_retried_after_its_last_good_step(run: Run, llm: WrittenLLM) -> None:
    assert good_step(run) == 0, "it was completed: there is nothing to go on from"
    ended(run, "failed")
    assert good_step(run) == SENT_ALL, "the answer after it was the end of the run"
    asked = llm.asked
    child = worked_on(once_more(run, good_step(run)), "completed")
    assert (child.origin, child.parent_step, llm.asked - asked, len(SENT)) == ("retry", SENT_ALL, 1, 2)


Ask = Callable[[Run], Run]


def forked(step: int = SENT_ALL, **changes: Any) -> Ask:
    return lambda run: go_back(run, step, **changes)


def arguments(step: int, given: JsonObject, call_id: str = "s1") -> Ask:
    return forked(step, arguments={call_id: given})


REFUSED: list[tuple[Ask, str, str]] = [
    (forked(7), "step", "Step 7 is missing: the run has 6 steps"),
    (forked(-1), "step", "numbered from 1"),
    (forked(LAST), "step", "nothing is left to do"),
    (forked(system_prompt="  "), "system_prompt", "Write instructions"),
    (forked(llm="nobody:nothing"), "llm", "names no LLM"),
    (arguments(3, {"to": 5}), "arguments", "shout refuses these arguments. to: "),
    (arguments(3, {"to": "eve", "cc": "x"}), "arguments", "cc: "),
    (arguments(4, {"to": "eve"}), "arguments", "Step 4 asks for no call s1"),
    (arguments(3, {"to": "eve"}, "l1"), "arguments", "Step 3 asks for no call l1"),
    (arguments(0, {"to": "eve"}), "arguments", "No call has been made at the start"),
    (lambda run: once_more(run, 2), "step", "is retried from its start"),
    (lambda run: once_more(ended(run, "paused")), "run", "has not ended"),
]


@pytest.mark.parametrize(("ask", "field", "said"), REFUSED)
def test_what_cannot_be_is_refused_and_nothing_is_made(run: Run, ask: Ask, field: str, said: str) -> None:
    before = rows()
    with pytest.raises((ForkRefused, LaunchRefused), match=said) as refused:
        ask(run)
    assert isinstance(refused.value, ForkRefused | LaunchRefused)
    assert refused.value.field == field
    assert rows() == before


def newer(run: Run) -> None:
    run.steps.filter(number=2).update(schema_version=SCHEMA_VERSION + 1)


def damaged(run: Run) -> None:
    run.steps.filter(number=2).update(output={"kind": "tool"})


@pytest.mark.parametrize(
    ("harm", "said"), [(newer, "recorded by a newer release"), (damaged, "Step 2 cannot be read: output.tool.result")]
)
def test_a_fork_of_a_checkpoint_that_cannot_be_read_is_refused(
    run: Run, harm: Callable[[Run], None], said: str
) -> None:
    harm(run)
    before = rows()
    with pytest.raises(ForkRefused, match=said):
        go_back(run, SENT_ALL)
    assert rows() == before
    assert go_back(run, 1).steps_count == 1


def test_a_fork_is_admitted_as_any_launch(run: Run, office: Office) -> None:
    limit(office.surface, launches_per_minute=1)
    before = rows()
    with pytest.raises(LaunchRefused, match="were launched within a minute"):
        go_back(run, SENT_ALL)
    limit(office.surface, launches_per_minute=60, allowed_llms=["openai:*"])
    before["Action"] += 1
    with pytest.raises(LaunchRefused, match="allows only"):
        once_more(run)
    limit(office.surface, allowed_llms=[], surface_day_nanos=1)
    before["Action"] += 1
    with pytest.raises(LaunchRefused, match="budget"):
        once_more(run)
    assert rows() == before


def test_an_old_effect_is_known_to_the_fork_and_to_no_other_run(run: Run, office: Office) -> None:
    forget_the_tenants_effects()
    key = run.effects.get(tool="send").key
    child = go_back(run, SENT_ALL)
    assert RunMemory(child).effect(key, dedupe_seconds=60) is not None
    assert RunMemory(office.run()).effect(key, dedupe_seconds=60) is None
