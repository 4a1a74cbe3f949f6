"""An estimate for a launch comes from runs alike, or there is none."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from agents.models import Agent, Run
from budgets.models import Surface, Tenant
from console.screens.launch.estimates import Estimate, estimate, percentile
from tests.console.conftest import MakeRun

pytestmark = pytest.mark.usefixtures("acme", "rung")

LLM = "rehearsal:search"
Ended = Callable[..., None]


@pytest.fixture
def ended(acme: Tenant, make_run: MakeRun) -> Ended:
    """Runs that cost 1, 2, 3 ... cents and took as many seconds, the dearest last."""

    def make(count: int, **fields: object) -> None:
        now = timezone.now()
        for number in range(1, count + 1):
            run = make_run(acme, **{"state": "completed", "cost_nanos": number * 10**7, **fields})
            Run.objects.filter(pk=run.pk).update(created_at=now - timedelta(seconds=number), ended_at=now)

    return make


def found(acme: Tenant, *, surface: str = "free-chat", llm: str = LLM) -> Estimate | None:
    """The estimate for a run of the reader."""
    return estimate(surface=Surface.objects.get(tenant=acme, slug=surface), agent_name="reader", llm=llm)


def test_percentiles_are_values_that_occurred() -> None:
    values = list(range(1, 21))
    assert (percentile(values, 50), percentile(values, 95), percentile([7], 50)) == (10, 19, 7)


def test_cost_and_time_come_from_runs_alike(acme: Tenant, ended: Ended) -> None:
    ended(20)
    assert found(acme) == Estimate(20, LLM, 10 * 10**7, 19 * 10**7, 10_000, 19_000)


def test_only_the_last_fifty_count(acme: Tenant, ended: Ended) -> None:
    ended(60)
    estimated = found(acme)
    assert estimated is not None
    assert (estimated.runs, estimated.p95_nanos) == (50, 48 * 10**7)


def test_fewer_than_five_say_nothing(acme: Tenant, ended: Ended) -> None:
    ended(4)
    assert found(acme) is None


def test_too_few_with_this_llm_take_in_the_others(acme: Tenant, ended: Ended) -> None:
    ended(9)
    ended(3, llm="openai:gpt-5-mini")
    estimated = found(acme, llm="openai:gpt-5-mini")
    assert estimated is not None
    assert (estimated.runs, estimated.llm) == (12, "")


@pytest.mark.parametrize("fields", [{"surface": "enterprise"}, {"agent_name": "writer"}, {"state": "killed"}])
def test_runs_that_are_not_alike_do_not_count(fields: dict[str, object], acme: Tenant, make_run: MakeRun) -> None:
    for _ in range(6):
        run = make_run(acme, **{"state": "completed", **{k: v for k, v in fields.items() if k != "agent_name"}})
        Run.objects.filter(pk=run.pk).update(agent_name=str(fields.get("agent_name", "reader")))
    assert found(acme) is None


def test_runs_that_still_go_on_do_not_count(acme: Tenant, make_run: MakeRun) -> None:
    for _ in range(6):
        make_run(acme, state="running")
    assert found(acme) is None


def test_it_stands_beside_the_launch_form(acme_operator: Client, agent: Agent, ended: Ended) -> None:
    typed = {"agent": agent.name, "surface": "free-chat", "task": "x"}
    assert "Likely" not in acme_operator.post("/t/acme/runs/new/preview/", typed).content.decode()
    ended(20)
    beside = acme_operator.post("/t/acme/runs/new/preview/", typed).content.decode()
    for words in ("From the last 20 runs alike", "with this LLM", "$0.19", "Some of them met the cap."):
        assert words in beside
