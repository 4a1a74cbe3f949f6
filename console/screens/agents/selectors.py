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
from console.screens.unindexed import number_of, text_of

WINDOW = timedelta(days=7)
MOST_RUNS = 5_000
"""So many are added up within a page's time; where there were more in seven days, the page says so."""
MOST_VERSIONS = 100
WENT_WELL = ("completed",)
WITH_A_FLAW = ("flagged", "degraded")


@dataclass(frozen=True, slots=True)
class Basis:
    """Which runs of a tenant are counted: those launched since then. Not ``complete``: there were more in the week."""

    tenant: Tenant
    since: datetime
    complete: bool

    @property
    def words(self) -> str:
        """As the pages say it."""
        return "runs of the last 7 days" if self.complete else f"newest {MOST_RUNS:,} runs"


@dataclass(slots=True)
class Tally:
    """Runs of the basis, of this tenant alone."""

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


def basis_of(tenant: Tenant, now: datetime) -> Basis:
    """The last seven days, or no more than so many runs; one query."""
    week = Run.objects.filter(tenant=tenant, created_at__gt=now - WINDOW)
    earlier = week.order_by("-created_at").values_list("created_at", flat=True)[MOST_RUNS : MOST_RUNS + 1]
    since = next(iter(earlier), None)
    return Basis(tenant, since or now - WINDOW, complete=since is None)


def agents_of(basis: Basis, now: datetime) -> list[AgentLine]:
    """Every agent that has a version, by name."""
    agents = Agent.objects.exclude(current=None).select_related("current").annotate(count=Count("versions"))
    tallies, rates = _tallies(basis, "agent"), accept_rates(since=now - WINDOW)
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


def versions_of(agent: Agent, basis: Basis, now: datetime) -> list[VersionLine]:
    """The newest versions, the newest first."""
    tallies, rates = _tallies(basis, "its_version", agent=agent.name), accept_rates(since=now - WINDOW)
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


def _tallies(basis: Basis, by: str, *, agent: str = "") -> dict[object, Tally]:
    """Counted by the database in one statement, by an agent's name or by the version; of all agents or of one."""
    # Not by the columns themselves, of which SQLite would walk an index through the whole history to have its groups
    # in order.
    runs = Run.objects.filter(tenant=basis.tenant, created_at__gt=basis.since)
    named = runs.annotate(agent=text_of("agent_name"), its_version=number_of("version_id"), its_state=text_of("state"))
    wanted = named.filter(agent=agent) if agent else named
    found: dict[object, Tally] = {}
    for key, state, count, cost_nanos in (
        wanted.values_list(by, "its_state").annotate(Count("pk"), Sum("cost_nanos")).order_by()
    ):
        found.setdefault(key, Tally()).add(state, count, cost_nanos)
    return found
