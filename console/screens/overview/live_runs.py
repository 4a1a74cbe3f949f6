"""The runs that the Overview counts: those that have not ended, and those that failed or died within the hour."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from django.db.models import DateTimeField

from agents.contracts.endings import HOLDING_A_WORKER, WAITING
from agents.contracts.ids import short_id
from agents.models import Run
from budgets.models import Tenant
from console.screens.prepared import TENANT, Given, Prepared, prepared
from console.screens.unindexed import text_of

MOST = 2_000
"""More are not read: counts then say "2,000+"."""
HOUR = timedelta(hours=1)
FAILED = ("failed", "dead")


@dataclass(frozen=True, slots=True)
class SeenRun:
    """A run as far as the Overview needs it; nano-USD."""

    id: str
    agent: str
    state: str
    severity: int
    doing: str
    reason: str
    cost_nanos: int
    cap_nanos: int | None
    created_at: datetime
    due_at: datetime | None
    ended_at: datetime | None
    lease_expires_at: datetime | None
    capped_account_id: int | None

    @property
    def short(self) -> str:
        return short_id(self.id)

    @property
    def name(self) -> str:
        return f"{self.agent} {self.short}"

    @property
    def at_work(self) -> bool:
        """A worker has it."""
        return self.state in HOLDING_A_WORKER

    @property
    def waits(self) -> bool:
        """For a person or for money."""
        return self.state in WAITING


@dataclass(frozen=True, slots=True)
class Counts:
    """How many runs there are of each kind, in words."""

    running: str
    queued: str
    waiting: str
    failed: str


@dataclass(frozen=True, slots=True)
class SeenRuns:
    """All of them, sorted out; ``is_cut``: there are more than were read."""

    at_work: tuple[SeenRun, ...] = ()
    queued: tuple[SeenRun, ...] = ()
    waiting: tuple[SeenRun, ...] = ()
    failed: tuple[SeenRun, ...] = ()
    is_cut: bool = False

    @property
    def live(self) -> int:
        return len(self.at_work) + len(self.queued) + len(self.waiting)

    @property
    def counts(self) -> Counts:
        """As pages and feeds say them: "2,000+" where more were not read."""
        groups = (self.at_work, self.queued, self.waiting, self.failed)
        return Counts(*(f"{len(group):,}{'+' if self.is_cut else ''}" for group in groups))

    @property
    def waiting_since(self) -> datetime | None:
        """When the oldest of those that wait was launched."""
        return min((run.created_at for run in self.waiting), default=None)


def seen_runs(tenant: Tenant, now: datetime) -> SeenRuns:
    """One query, both halves along the index of a tenant's ends, whatever the history."""
    return sorted_out([SeenRun(*row) for row in _seen().ask(tenant=tenant.pk, hour_ago=now - HOUR)])


@cache
def _seen() -> Prepared:
    runs = Run.objects.filter(tenant=TENANT).order_by()
    fields = [name for name in SeenRun.__dataclass_fields__ if name != "agent"]
    fields.insert(1, "agent_name")
    live = runs.filter(ended_at=None).values_list(*fields)
    ended = runs.filter(ended_at__gte=Given("hour_ago", DateTimeField()))
    failed = ended.alias(its_state=text_of("state")).filter(its_state__in=FAILED).values_list(*fields)
    return prepared(live.union(failed, all=True)[: MOST + 1])


def sorted_out(found: list[SeenRun]) -> SeenRuns:
    """The oldest first, in each group."""
    runs = sorted(found[:MOST], key=lambda run: run.id)
    return SeenRuns(
        at_work=tuple(run for run in runs if run.at_work),
        queued=tuple(run for run in runs if run.state == "queued"),
        waiting=tuple(run for run in runs if run.waits),
        failed=tuple(run for run in runs if run.state in FAILED),
        is_cut=len(found) > MOST,
    )
