"""A service breaks and comes back: the chain falls over, the breaker opens, the run finishes, a probe closes it."""

import pytest

from agents.contracts.endings import TERMINAL
from agents.library.support.drills import switch_service
from agents.lifecycle import launch
from agents.models import Agent, EventRow, HealthChange, LinkMinute, LinkTrouble, Run, ToolHealth
from agents.tool_control import ask_probe
from budgets.models import Surface
from tests.harness.live_stack import LiveStack

pytestmark = [pytest.mark.flows, pytest.mark.either_database]
LIVE, CACHED = "stock-live", "stock-cached"
LINK = "stock/stock_live"
TASK = "Are KETTLE-17, JACKET-RN and LAMP-CAMP in stock?"


def ended(stack: LiveStack, runs: int = 1) -> list[Run]:
    """Runs about stock, from their launch to their end."""
    surface = Surface.objects.get(tenant__slug="acme", slug="internal-batch")
    agent = Agent.objects.get(name="support-triage")
    launched = [
        launch(tenant=surface.tenant, surface=surface, agent=agent, task=TASK, actor="test").pk for _ in range(runs)
    ]
    over = Run.objects.filter(pk__in=launched, state__in=TERMINAL)
    stack.wait_for(lambda: over.count() == runs, what="the runs to end")
    return list(over)


def test_a_service_that_breaks_costs_detail_and_never_the_run(live_stack: LiveStack) -> None:
    switch_service(service=LIVE, failing=True)
    runs = ended(live_stack, 2)
    assert [run.state for run in runs] == ["completed"] * 2
    assert EventRow.objects.filter(kind="tool.fallback", data__to="stock_cached").exists()
    assert ToolHealth.objects.get(link=LINK).state in ("open", "half_open")
    assert LinkTrouble.objects.filter(link=LINK, what="failed", run_id__in=[run.pk for run in runs]).exists()
    opened = HealthChange.objects.filter(link=LINK).earliest("pk")
    assert (opened.now, opened.tenant_id) == ("open", runs[0].tenant_id)

    switch_service(service=CACHED, failing=True)
    (missing,) = ended(live_stack)
    assert (missing.state, missing.missing) == ("degraded", ["stock"])
    assert missing.reason == "Answered without the stock count (stock)."
    assert "unavailable" in missing.answer

    for service in (LIVE, CACHED):
        switch_service(service=service, failing=False)
    ask_probe(link=LINK, actor="test")
    closed = HealthChange.objects.filter(link=LINK, now="closed")
    live_stack.wait_for(closed.exists, what="a probe to close the breaker")
    live_stack.wait_for(lambda: LinkMinute.objects.filter(link=LINK).exists(), what="the calls to be counted")
