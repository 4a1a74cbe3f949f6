"""A tool with two implementations, an agent that has it, and breakers as rows."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agents.contracts.specs import AgentSpec, HttpEndpoint, Implementation, ToolSpec
from agents.models import Agent, AgentVersion, LinkMinute, ToolHealth
from console.screens.tools.known import KnownTool

SetHealth = Callable[..., ToolHealth]

LIVE = Implementation(
    name="live",
    kind="http",
    http=HttpEndpoint(
        url="https://ann:pw@stock.example.com/v1/{sku}?key=k-123", headers={"Authorization": "Bearer {secret:STOCK}"}
    ),
)
COPY = Implementation(name="copy", target="agents.library.support.stock:stock_cached")
STOCK = ToolSpec(
    name="stock",
    description="How many there are.",
    parameters={
        "type": "object",
        "properties": {"sku": {"type": "string", "description": "Its number."}},
        "required": ["sku"],
    },
    implementations=(LIVE, COPY),
)
REFUND = ToolSpec(name="refund", description="Pays back.", parameters={}, implementations=(COPY, LIVE), effect="keyed")
SPEC = AgentSpec(
    name="shop",
    title="Shop",
    purpose="Sells.",
    system_prompt="You sell.",
    llms=("rehearsal:support-triage", "rehearsal:search"),
    tools=(STOCK, REFUND),
)


def known(spec: ToolSpec) -> KnownTool:
    """The tool as the screens know it."""
    return KnownTool(spec.name, tuple(f"{spec.name}/{each.name}" for each in spec.implementations), spec)


def breaker(link: str, **fields: Any) -> ToolHealth:
    """A breaker that is not stored."""
    return ToolHealth(link=link, window_started_at=timezone.now(), **fields)


@pytest.fixture
def shop(db: None) -> AgentVersion:  # noqa: ARG001
    """The agent that has both tools."""
    from_spec = SPEC.model_dump(mode="json")
    agent = Agent.objects.create(name="shop")
    version = AgentVersion.objects.create(agent=agent, number=3, digest="s" * 64, spec=from_spec)
    agent.current = version
    agent.save()
    return version


@pytest.fixture
def set_health(db: None) -> SetHealth:  # noqa: ARG001
    """A breaker as a row."""

    def make(link: str, **fields: Any) -> ToolHealth:
        row = breaker(link, **fields)
        row.save()
        return row

    return make


def count(link: str, *, calls: int, failures: int = 0, ago: timedelta = timedelta(0), **spread: int) -> None:
    """Calls of one minute; ``spread`` as ``ms50=3``."""
    minute = (timezone.now() - ago).replace(second=0, microsecond=0)
    LinkMinute.objects.create(
        link=link,
        minute_at=minute,
        calls=calls,
        failures=failures,
        spread={bound.removeprefix("ms"): times for bound, times in spread.items()},
    )
