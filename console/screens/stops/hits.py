"""What a stop would hit now: how many runs, what they have cost, how fast they spend, and what they do to the world."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db.models import QuerySet

from agents.models import Effect, Run
from console.screens.run.spending import pace


@dataclass(frozen=True, slots=True)
class Part:
    """So many of the runs have this agent, surface or tool."""

    name: str
    count: int


@dataclass(frozen=True)
class Hits:
    """The runs within a scope at one moment; effects are those that were under way in them."""

    runs: Sequence[Run]
    effects: Sequence[Part]
    now: datetime

    @property
    def count(self) -> int:
        return len(self.runs)

    @property
    def ids(self) -> list[str]:
        return [run.pk for run in self.runs]

    @property
    def spent_nanos(self) -> int:
        return sum(run.cost_nanos for run in self.runs)

    @cached_property
    def nanos_per_minute(self) -> int:
        """Together, of those that work; younger ones than five seconds have no pace yet."""
        paces = (
            pace(cost_nanos=run.cost_nanos, cap_nanos=None, started_at=run.started_at or run.created_at, now=self.now)
            for run in self.runs
            if run.state == "running"
        )
        return sum(found.nanos_per_minute for found in paces if found)

    @property
    def waiting(self) -> int:
        """Those that no worker holds."""
        return sum(run.state != "running" for run in self.runs)

    @property
    def agents(self) -> list[Part]:
        return most_first(run.agent_name for run in self.runs)

    @property
    def surfaces(self) -> list[Part]:
        return most_first(run.surface.slug for run in self.runs)

    @property
    def effects_count(self) -> int:
        return sum(part.count for part in self.effects)


def hits_of(runs: QuerySet[Run], *, now: datetime, most: int) -> Hits:
    """Look at the runs within a scope, in two queries; at most so many of them, the newest."""
    shown = runs.select_related("surface").only(
        "cost_nanos", "started_at", "created_at", "state", "agent_name", "surface", "surface__slug"
    )
    found = list(shown.order_by("-pk")[:most])
    if not found:
        return Hits(found, [], now)
    started = Effect.objects.filter(state="started", run__in=runs.order_by().values("pk"))
    return Hits(found, most_first(started.values_list("tool", flat=True)), now)


def most_first(names: Iterable[str]) -> list[Part]:
    """Each name with how often it came, the most frequent first."""
    return [Part(name, count) for name, count in Counter(names).most_common()]
