"""The facts of several Overviews, read together: the same number of queries however many tenants there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from agents.models import Switch
from budgets.burn import last_minutes, spent_of_tenants_and_runs
from budgets.models import Account, Tenant
from budgets.periods import day_window, month_window, zone
from console.screens.budgets.alerts import unseen_alerts_of
from console.screens.everywhere.lines import OF_ALL, are_cut, read_lines_of
from console.screens.everywhere.live_runs import seen_runs_of
from console.screens.overview.catalogue import Look, kept, tools_at
from console.screens.overview.facts import PACE_MINUTES, PACED_RUNS, Facts
from console.screens.overview.lines import own_tier
from console.screens.overview.live_runs import SeenRun, SeenRuns
from console.screens.overview.money import Burn, budgets_from
from console.screens.overview.needs_of_money import HALF_SPENT_PERCENT
from console.screens.stops.scopes import words_of
from console.screens.stops.standing import Stop

MOST_STOPS = 500


@dataclass(frozen=True, slots=True)
class Everywhere:
    """The facts of each tenant; ``lines_cut``: so many calls wait that some were not read."""

    facts: Sequence[Facts] = ()
    lines_cut: bool = False


def read_everywhere(tenants: Sequence[Tenant], now: datetime) -> Everywhere:
    """Each tenant's, in the same order: seven queries.

    What is normal at this hour is not read: a look at each tenant's week would be too much. So a run that runs away
    needs somebody only on its own tenant's Overview, until it nears its cap.
    """
    if not tenants:
        return Everywhere()
    before = kept()
    runs, lines = seen_runs_of(tenants, now), read_lines_of(tenants, now, known=before.digests)
    paced = [run.id for run in _near_their_caps(runs)]
    ids = [tenant.pk for tenant in tenants]
    spent, of_runs = spent_of_tenants_and_runs(ids, paced, now, run_minutes=PACE_MINUTES)
    accounts, stops, alerts = _accounts(tenants, now), _stops(tenants), unseen_alerts_of(tenants)
    tools = tools_at(Look(lines.get(OF_ALL, []), before))
    facts = [
        Facts(
            tenant=tenant,
            now=now,
            runs=runs.get(tenant.pk, SeenRuns()),
            spent=of_runs,
            burn=Burn((spent[tenant.pk],), last_minutes(now, 1)[0], None, None),
            budgets=budgets_from(tenant, accounts.get(tenant.pk, ()), now, tier=own_tier(lines.get(tenant.slug, ()))),
            tools=tools,
            lines=lines.get(tenant.slug, []),
            stops=[stop for stop in stops if stop.switch.tenant_id in (None, tenant.pk)],
            alerts=alerts.get(tenant.pk, []),
        )
        for tenant in tenants
    ]
    return Everywhere(facts, are_cut(lines))


def _near_their_caps(runs: Mapping[int, SeenRuns]) -> list[SeenRun]:
    """Runs whose pace decides whether they need somebody: the dearest of those that are half way to their caps."""
    at_work = [run for seen in runs.values() for run in seen.at_work]
    half_way = [run for run in at_work if run.cap_nanos and run.cost_nanos * 100 >= run.cap_nanos * HALF_SPENT_PERCENT]
    return sorted(half_way, key=lambda run: -run.cost_nanos)[:PACED_RUNS]


def _accounts(tenants: Sequence[Tenant], now: datetime) -> dict[int, list[Account]]:
    """The days and months that run now, each in its tenant's time zone: tenants that have the same keys together."""
    alike: dict[tuple[str, str], list[int]] = {}
    for tenant in tenants:
        tz = zone(tenant.timezone)
        alike.setdefault((day_window(now, tz).key, month_window(now, tz).key), []).append(tenant.pk)
    wide = Q()
    for (day, month), ids in alike.items():
        days = Q(scope__in=("tenant_day", "surface_day"), window=day)
        wide |= Q(days | Q(scope="tenant_month", window=month), tenant__in=ids)
    found: dict[int, list[Account]] = {}
    for account in Account.objects.filter(wide).select_related("surface", "tenant").order_by("pk"):
        found.setdefault(account.tenant_id, []).append(account)
    return found


def _stops(tenants: Sequence[Tenant]) -> list[Stop]:
    """The stops that stand in any of them, the newest first; who may lift one, its tenant's own pages say."""
    on = Switch.objects.on().filter(Q(tenant__in=tenants) | Q(tenant=None)).select_related("tenant", "surface", "order")
    return [Stop(switch, words_of(switch), may_lift=False) for switch in on.order_by("-set_at", "-pk")[:MOST_STOPS]]
