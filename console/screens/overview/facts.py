"""Everything that the Overview is made from, read at one instant; the same for everybody who may look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from budgets.burn import Minutes
from budgets.models import BudgetAlert, Tenant
from console.screens.budgets.alerts import unseen_alerts
from console.screens.overview.burners import Burner, burner_of
from console.screens.overview.catalogue import Look, ToolAt, look_at, tools_at
from console.screens.overview.lines import Line, own_tier
from console.screens.overview.live_runs import SeenRun, SeenRuns, seen_runs
from console.screens.overview.money import Budget, Burn, budgets_of, read_burn
from console.screens.stops.standing import Stop, standing_stops

PACED_RUNS = 200
PACE_MINUTES = 20


@dataclass(frozen=True)
class Facts:
    """``budgets`` begins with the tenant's day; ``spent`` has the last minutes of the runs that a worker has."""

    tenant: Tenant
    now: datetime
    runs: SeenRuns
    spent: Mapping[str, Minutes]
    burn: Burn
    budgets: Sequence[Budget]
    tools: Sequence[ToolAt]
    lines: Sequence[Line]
    stops: Sequence[Stop]
    alerts: Sequence[BudgetAlert]

    @property
    def today(self) -> Budget:
        return self.budgets[0]

    @cached_property
    def paced(self) -> Sequence[Burner]:
        """The runs that a worker has, with how fast they spend."""
        return [burner_of(run, self.spent.get(run.id, ()), self.now) for run in self.runs.at_work]


def read_facts(
    tenant: Tenant,
    now: datetime,
    *,
    look: Look | None = None,
    stops: Sequence[Stop] | None = None,
    alerts: Sequence[BudgetAlert] | None = None,
) -> Facts:
    """Five queries, and two for stops and alerts; less what the page has read already.

    No more in the first look of an hour, nor when agents or tools have changed: what is new comes with the others.
    """
    look = look or look_at(tenant, now)
    runs = seen_runs(tenant, now)
    burn, spent = read_burn(tenant, [run.id for run in _dearest(runs)], now, run_minutes=PACE_MINUTES)
    return Facts(
        tenant=tenant,
        now=now,
        runs=runs,
        spent=spent,
        burn=burn,
        budgets=budgets_of(tenant, now, tier=own_tier(look.lines)),
        tools=tools_at(look),
        lines=look.lines,
        stops=standing_stops(tenant, frozenset()) if stops is None else stops,
        alerts=unseen_alerts(tenant) if alerts is None else alerts,
    )


def _dearest(runs: SeenRuns) -> list[SeenRun]:
    """Those whose pace is asked for: all that a worker has, as long as there are not too many."""
    return sorted(runs.at_work, key=lambda run: -run.cost_nanos)[:PACED_RUNS]
