"""A service breaks and comes back: the chain falls over, the breaker opens for all workers, and a probe closes it."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from agents.models import EventRow, HealthChange, LinkMinute, LinkTrouble, Run, ToolHealth
from budgets import clock
from tests.harness.fixtures import MakeStack
from tests.harness.live_stack import LiveStack

pytestmark = [pytest.mark.flows, pytest.mark.either_database]
LIVE = "stock/stock_live"
TASK = "Are the Rain Jacket, the Enamel Kettle and the Camp Lantern in stock?"
PROBED_WITHIN_SECONDS = 5.0


@pytest.fixture
def stack(make_stack: MakeStack) -> LiveStack:
    started = make_stack()
    started.add_worker("second worker", threads=2)
    started.start("second worker")
    return started


def said(stack: LiveStack, *words: str) -> str:
    """What a command prints."""
    done = stack.manage(*words)
    assert done.returncode in (0, 3), done.stdout + done.stderr
    return done.stdout


def launched(stack: LiveStack) -> Run:
    """A run about stock, from its launch to its end."""
    last = json.loads(said(stack, "launch", "support-triage", TASK, "--json").splitlines()[-1])
    return Run.objects.get(pk=last["run"])


def standing_of(link: str) -> str:
    return ToolHealth.objects.get(link=link).state


def test_a_service_that_breaks_costs_detail_and_never_the_run(stack: LiveStack) -> None:
    assert said(stack, "drill", "stock-live", "on").startswith("DRILL")
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda _: launched(stack), range(2)))
    assert [run.state for run in runs] == ["completed"] * 2
    assert EventRow.objects.filter(kind="tool.fallback", data__to="stock_cached").exists()
    stack.wait_for(lambda: ToolHealth.objects.filter(link=LIVE, state="open").exists(), what="the breaker to open")
    assert LinkTrouble.objects.filter(link=LIVE, what="failed", run_id__in=[run.pk for run in runs]).exists()
    assert HealthChange.objects.get(link=LIVE).tenant is not None

    said(stack, "drill", "stock-cached", "on")
    missing = launched(stack)
    assert (missing.state, missing.missing) == ("degraded", ["stock"])
    assert missing.reason == "Answered without the stock count (stock)."
    assert "unavailable" in missing.answer

    for service in ("stock-live", "stock-cached"):
        said(stack, "drill", service, "off")
    said(stack, "tools", "probe", LIVE)
    asked_at = clock.now()
    stack.wait_for(lambda: standing_of(LIVE) == "closed", what="a probe to close the breaker")
    closed = HealthChange.objects.filter(link=LIVE, now="closed").get()
    assert (closed.at - asked_at).total_seconds() < PROBED_WITHIN_SECONDS
    stack.wait_for(lambda: LinkMinute.objects.filter(link=LIVE).exists(), what="the calls to be counted")
    assert launched(stack).state == "completed"
    assert "closed" in next(line for line in said(stack, "tools", "list").splitlines() if line.startswith(LIVE))
