"""What the pages of agents read: agents with their versions, and what became of this tenant's runs of each."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, Sum

from agents.accept_rate import AcceptRate, accept_rates
from agents.contracts.endings import TERMINAL
from agents.contracts.specs import AgentSpec
from agents.models import Agent, AgentVersion, Run
from agents.spec_diff import Change, changes
from budgets.models import Tenant

WINDOW = timedelta(days=7)
MOST_VERSIONS = 100
WENT_WELL = ("completed",)
WITH_A_FLAW = ("flagged", "degraded")


@dataclass(slots=True)
class Tally:
    """Runs of the last seven days, of this tenant alone."""

    by_state: Counter[str] = field(default_factory=Counter)
    cost_nanos: int = 0

    @property
    def runs(self) -> int:
        """All that were launched."""
        return self.by_state.total()

    @property
    def live(self) -> int:
        """Not ended yet."""
        return self.runs - sum(self.by_state[state] for state in TERMINAL)

    @property
    def completed(self) -> int:
        """Ended well."""
        return sum(self.by_state[state] for state in WENT_WELL)

    @property
    def flawed(self) -> int:
        """Ended with an answer that has a flaw: flagged by the critic, or without a capability."""
        return sum(self.by_state[state] for state in WITH_A_FLAW)

    @property
    def failed(self) -> int:
        """Ended in any other way."""
        return self.runs - self.live - self.completed - self.flawed

    def add(self, state: str, runs: int, cost_nanos: int) -> None:
        """Count runs of one state."""
        self.by_state[state] += runs
        self.cost_nanos += cost_nanos


@dataclass(frozen=True, slots=True)
class AgentLine:
    """One agent in the list."""

    agent: Agent
    spec: AgentSpec
    versions: int
    tally: Tally
    rate: AcceptRate


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One version of an agent."""

    version: AgentVersion
    tally: Tally
    rate: AcceptRate
    is_current: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions side by side."""

    before: AgentVersion
    after: AgentVersion
    changes: list[Change]


def agents_of(tenant: Tenant, now: datetime) -> list[AgentLine]:
    """Every agent that has a version, by name."""
    agents = Agent.objects.exclude(current=None).select_related("current").annotate(count=Count("versions"))
    tallies, rates = _tallies(tenant, now, "agent_name"), accept_rates(since=now - WINDOW)
    return [
        AgentLine(
            agent,
            agent.current.to_spec(),
            agent.count,
            tallies.get(agent.name, Tally()),
            rates.of(agent.current.pk),
        )
        for agent in agents.order_by("name")
        if agent.current is not None
    ]


def versions_of(agent: Agent, tenant: Tenant, now: datetime) -> list[VersionLine]:
    """The newest versions, the newest first."""
    tallies, rates = _tallies(tenant, now, "version", agent_name=agent.name), accept_rates(since=now - WINDOW)
    newest = agent.versions.order_by("-number")[:MOST_VERSIONS]
    return [
        VersionLine(version, tallies.get(version.pk, Tally()), rates.of(version.pk), version.pk == agent.current_id)
        for version in newest
    ]


def compared(lines: Iterable[VersionLine], older: str | None, newer: str | None) -> Comparison | None:
    """The two versions of these numbers; without numbers, the current one beside the one before it."""
    by_number = {line.version.number: line.version for line in lines}
    if not by_number:
        return None
    current = next((line.version.number for line in lines if line.is_current), max(by_number))
    after = by_number.get(_number(newer, current))
    if after is None:
        return None
    before = by_number.get(_number(older, max((n for n in by_number if n < after.number), default=0)))
    if before is None:
        return None
    return Comparison(before, after, changes(before.to_spec(), after.to_spec()))


def _number(typed: str | None, default: int) -> int:
    return int(typed) if typed and typed.isascii() and typed.isdigit() and len(typed) < 10 else default


def _tallies(tenant: Tenant, now: datetime, by: str, **only: str) -> dict[object, Tally]:
    """Counted by the database in one statement."""
    runs = Run.objects.filter(tenant=tenant, created_at__gt=now - WINDOW, **only)
    counted = runs.values_list(by, "state").annotate(Count("pk"), Sum("cost_nanos")).order_by()
    found: dict[object, Tally] = {}
    for key, state, count, cost_nanos in counted:
        found.setdefault(key, Tally()).add(state, count, cost_nanos)
    return found
