"""Launches runs of the drill agents on a stack: its price, limits that never bind, and a broker to send to."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from celery import Celery
from django.test import override_settings

from agents import bell, enqueue, lifecycle
from agents.library.sync import keep_version
from agents.models import Agent
from budgets.models import Surface, Tenant
from budgets.prices import set_price
from budgets.pricing import Rates
from tests.harness.drill import ACTING_AGENT, AGENT, LLM
from tests.tier_edit import limit


def furnish() -> None:
    """The agents, their price, and limits that never bind."""
    for spec in (AGENT, ACTING_AGENT):
        keep_version(spec=spec)
    rates = Rates.flat(input=10**9, output=10**9)
    set_price(llm=LLM, rates=rates, effective_from=datetime.now(UTC), created_by="test")
    surface = Surface.objects.get(tenant__slug="acme", slug="internal-batch")
    limit(surface.tenant, tenant_day_nanos=10**15, tenant_month_nanos=10**15, user_day_nanos=10**15)
    limit(surface, parallel_runs=10_000, launches_per_minute=100_000, surface_day_nanos=10**15)


def launch_drills(scene: str, script: str, count: int, *, start: int = 0, agent: str = AGENT.name) -> list[str]:
    """Launch runs whose LLM says what the script says; each task is its own."""
    tenant = Tenant.objects.get(slug="acme")
    return [
        lifecycle.launch(
            tenant=tenant,
            surface=Surface.objects.get(tenant=tenant, slug="internal-batch"),
            agent=Agent.objects.get(name=agent),
            task=f"{script} {scene}-{number}",
            actor="test",
            llm=LLM,
        ).pk
        for number in range(start, start + count)
    ]


@contextmanager
def broker(url: str) -> Iterator[Celery]:
    """Let what this process enqueues and rings for go to the stack's Redis."""
    app = Celery("test", broker=url, set_as_current=False, fixups=[])
    bell.client.cache_clear()
    with pytest.MonkeyPatch.context() as patch, override_settings(REDIS_URL=url):
        patch.setattr(enqueue, "current_app", app)
        yield app
    bell.client.cache_clear()
    app.close()


@contextmanager
def variables(**wanted: str) -> Iterator[None]:
    """Environment variables of this process."""
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
