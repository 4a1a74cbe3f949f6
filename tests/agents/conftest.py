"""A tenant with an agent, runs at any point of their life, and a broker that only takes notes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from agents import enqueue
from agents.contracts.specs import AgentSpec, ToolSpec
from agents.journal.decide import Claim
from agents.library.sync import keep_version
from agents.models import Agent, Run
from budgets.ledger import open_accounts
from budgets.models import Surface, Tenant
from budgets.prices import forget_prices, set_price
from budgets.pricing import Rates
from budgets.tiers import Limits
from tests.tier_edit import limit

USD = 10**9
LLM = "rehearsal:search"
RATES_FROM = datetime(2026, 1, 1, tzinfo=UTC)
NOBODY_LISTENS = "redis://127.0.0.1:1/0"


def usual_rates() -> Rates:
    """What the office's LLMs cost."""
    return Rates.flat(input=2 * USD, output=8 * USD)


@dataclass
class Sender:
    """Notes which runs were put before the workers."""

    sent: list[str] = field(default_factory=list)
    broken: Exception | None = None

    def send_task(self, name: str, *, args: list[str], **options: object) -> None:
        """What Celery's app does."""
        del name, options
        if self.broken is not None:
            raise self.broken
        self.sent += args


@dataclass
class Office:
    """One tenant with a surface and an agent."""

    tenant: Tenant
    surface: Surface
    agent: Agent
    limits: Limits

    def run(self, state: str = "running", *, epoch: int = 1, lease_seconds: int = 30, **fields: object) -> Run:
        """A run in some state; one that a worker holds has a lease."""
        held = state in ("running", "kill_requested")
        lease: dict[str, object] = {
            "lease_owner": "worker",
            "lease_expires_at": datetime.now(UTC) + timedelta(seconds=lease_seconds),
            "attempts": 1,
        }
        given: dict[str, object] = {
            "state": state,
            "epoch": epoch,
            "agent_name": self.agent.name,
            "task": "Find out about tea.",
            "llm": LLM,
            "limits": self.limits.as_json(),
            "launched_by": "acme_operator",
            **(lease if held else {}),
            **fields,
        }
        assert self.agent.current is not None
        return Run.objects.create(tenant=self.tenant, surface=self.surface, version=self.agent.current, **given)

    def claim(self, run: Run, *, epoch: int | None = None) -> Claim:
        """The holder of a run, with its accounts."""
        accounts = open_accounts(
            tenant=self.tenant,
            surface=self.surface,
            limits=self.limits,
            run_id=run.id,
            user="",
            session="",
            at=datetime.now(UTC),
        )
        return Claim(run.id, run.epoch if epoch is None else epoch, accounts)


def agent_spec(*tools: ToolSpec) -> AgentSpec:
    """The office's agent, with these tools."""
    return AgentSpec(
        name="tester",
        title="Tester",
        purpose="Is tested.",
        system_prompt="You are tested.",
        llms=(LLM,),
        tools=tools,
    )


@pytest.fixture
def office(db: None) -> Iterator[Office]:  # noqa: ARG001
    """Acme, its enterprise surface, and an agent that answers by rehearsal."""
    forget_prices()
    tenant = Tenant.objects.create(slug="acme", name="Acme")
    surface = Surface.objects.create(tenant=tenant, slug="enterprise", name="Enterprise")
    limits = Limits(run_nanos=2 * USD)
    limit(surface, run_nanos=2 * USD)
    set_price(
        llm=LLM,
        rates=usual_rates(),
        effective_from=RATES_FROM,
        created_by="test",
    )
    agent = keep_version(spec=agent_spec()).agent
    agent.refresh_from_db()
    yield Office(tenant, surface, agent, limits)
    forget_prices()


@pytest.fixture
def sender(monkeypatch: pytest.MonkeyPatch) -> Sender:
    """In the place of Celery's app."""
    sender = Sender()
    monkeypatch.setattr(enqueue, "current_app", sender)
    return sender


@pytest.fixture
def no_redis(settings: Settings) -> None:
    """Hints go nowhere."""
    settings.REDIS_URL = NOBODY_LISTENS
