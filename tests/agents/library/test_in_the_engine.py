"""The bundled agents in the real loop, with the rehearsal LLM and its misbehaviours, on the seeded shop."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from agents.contracts.llms import LLMRequest, LLMResponse
from agents.contracts.specs import AgentSpec
from agents.engine.ports import LLMs, Ports
from agents.library.catalogue import bundled
from agents.library.models import OutboxMessage, Refund
from agents.llms.performance import perform
from agents.llms.script import parse_script
from budgets.pricing import Usage
from tests.agents.engine.world import World

pytestmark = pytest.mark.django_db
SPECS: dict[str, AgentSpec] = {spec.name: spec for spec in bundled()}
REFUND = "Order 1027 arrived with a cracked lid. Refund the order and email the customer."


@dataclass
class Rehearsing:
    """The rehearsal LLM without its waits."""

    name: str

    def call(self, request: LLMRequest, on_text: Callable[[str], None]) -> LLMResponse:
        name = self.name if request.purpose == "turn" else "summary"
        done = perform(parse_script(name), request.messages, request.tools, request.max_output_tokens)
        on_text(done.message.text)
        usage = Usage(done.prompt_tokens, done.completion_tokens)
        return LLMResponse(message=done.message, finish=done.finish, usage=usage, served_llm=request.llm)


class Stage(World):
    """A world whose LLM is a rehearsal, and where a person approves whatever waits."""

    def __init__(self, agent: str, task: str = "", faults: str = "") -> None:
        spec = SPECS[agent]
        self.rehearsal: LLMs = Rehearsing(agent + faults)
        super().__init__(script=[], spec=spec, task=task or spec.example_task)

    def ports(self) -> Ports:
        return replace(super().ports(), llms=self.rehearsal)

    def play(self) -> str:
        """Work until the run has ended; the state it ended in."""
        for _ in range(10):
            ending = self.start()
            if ending.terminal:
                return ending.state
            for call_id, decision in self.journal.decisions.items():
                self.journal.decisions[call_id] = replace(decision, outcome="approved")
        raise AssertionError("the run does not end")

    @property
    def answer(self) -> str:
        assert self.journal.ending is not None
        return self.journal.ending.answer


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("agent", ["support-triage", "content-generation", "search"])
@pytest.mark.parametrize("fault", ["", "+wrong-types", "+invented-tool", "+rejected-drafts=1"])
def test_example_tasks_complete_even_when_the_llm_misbehaves(agent: str, fault: str) -> None:
    stage = Stage(agent, faults=fault)
    assert stage.play() == "completed"
    rejected = [event.data for event in stage.journal.kinds("verdict.given") if not event.data["accepted"]]
    assert len(rejected) == (fault == "+rejected-drafts=1")


@pytest.mark.usefixtures("shop")
def test_a_refund_waits_for_a_person_and_happens_once() -> None:
    stage = Stage("support-triage", REFUND)
    assert stage.start().state == "waiting_approval"
    assert Refund.objects.count() == 0
    assert stage.play() == "completed"
    assert (Refund.objects.count(), OutboxMessage.objects.count()) == (1, 1)
    assert "Refunded: 37.00 USD" in stage.answer


@pytest.mark.usefixtures("shop")
def test_without_live_stock_the_copy_serves_and_the_answer_says_so() -> None:
    stage = Stage("support-triage", "Is the Enamel Kettle in stock?")
    stage.health.closed.add("stock/stock_live")
    assert stage.play() == "completed"
    assert "this is the cached figure" in stage.answer


@pytest.mark.usefixtures("shop")
def test_without_any_stock_the_run_is_degraded_and_the_answer_says_so() -> None:
    stage = Stage("support-triage", "Is the Enamel Kettle in stock?")
    stage.health.closed |= {"stock/stock_live", "stock/stock_cached"}
    assert stage.play() == "degraded"
    assert "The stock count is unavailable in this run" in stage.answer
