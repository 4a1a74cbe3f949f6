"""For pages: how links stand and what they counted, and which runs of one tenant their trouble has reached."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum

from agents.models import HealthChange, LinkMinute, LinkTrouble, Run, ToolHealth
from agents.tools.known_links import to_breaker
from agents.tools.link_minutes import BOUNDS_MS
from agents.tools.standing import Standing, standing
from budgets.models import Tenant


@dataclass(frozen=True, slots=True)
class Figures:
    """What all workers counted of a link, for all tenants. The percentiles are None without a call."""

    calls: int = 0
    failures: int = 0
    slow: int = 0
    p50_ms: int | None = None
    p95_ms: int | None = None

    @property
    def bad_percent(self) -> float:
        """The share of calls that failed or were too slow."""
        return 100 * (self.failures + self.slow) / self.calls if self.calls else 0.0


@dataclass(frozen=True, slots=True)
class LinkStanding:
    """How a link stands, since when (None: since ever), and when it is probed; ``row`` None: nobody called it yet."""

    link: str
    standing: Standing = "closed"
    since_at: datetime | None = None
    probe_due_at: datetime | None = None
    row: ToolHealth | None = None


@dataclass(frozen=True, slots=True)
class Affected:
    """What links that were out did to the runs of one tenant.

    ``wasted_nanos`` was paid for attempts that gave nothing: fees of tools, and what vendors billed for LLM calls
    without an answer. ``degraded_nanos`` is all that the runs cost which ended without the tool: they did answer.
    """

    runs: int = 0
    failed_attempts: int = 0
    slow_attempts: int = 0
    passed_over_runs: int = 0
    degraded_runs: int = 0
    wasted_nanos: int = 0
    degraded_nanos: int = 0


@dataclass(slots=True)
class AffectedRun:
    """One run, what happened to it in words of ``LinkTrouble.what``, at which links, and when last."""

    run: Run
    at: datetime
    what: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)


def standings(links: Collection[str]) -> dict[str, LinkStanding]:
    """How each of these links stands now; in one query."""
    newest = HealthChange.objects.filter(link=OuterRef("link")).order_by("-at", "-pk").values("at")[:1]
    known = {link: LinkStanding(link) for link in links}
    for row in ToolHealth.objects.filter(link__in=links).annotate(since_at=Subquery(newest)):
        due = to_breaker(row).probe_due_at
        known[row.link] = LinkStanding(row.link, standing(row), row.since_at, due, row)
    return known


def minutes(links: Collection[str], since: datetime) -> list[LinkMinute]:
    """What was counted, by link and minute, oldest first."""
    return list(LinkMinute.objects.filter(link__in=links, minute_at__gte=since).order_by("link", "minute_at"))


def figures(links: Collection[str], since: datetime) -> dict[str, Figures]:
    """What was counted of each of these links since then; in one query."""
    by_link: dict[str, list[LinkMinute]] = defaultdict(list)
    for row in minutes(links, since):
        by_link[row.link].append(row)
    return {link: _summed(by_link[link]) for link in links}


def changes(links: Collection[str], tenant: Tenant | None, *, most: int = 50) -> list[HealthChange]:
    """The newest changes of these links. What a link said to a run of another tenant is left out; None sees all."""
    found = list(HealthChange.objects.filter(link__in=links).order_by("-at", "-pk")[:most])
    for change in found:
        if tenant is not None and change.tenant_id not in (None, tenant.pk):
            change.error = change.run_id = ""
    return found


def affected(tenant: Tenant, links: Collection[str], since: datetime) -> Affected:
    """The figures of one tenant since then; in two queries over rows of trouble, however many runs there are."""
    troubles = _troubles(tenant, links, since)
    told = troubles.aggregate(
        runs=Count("run_id", distinct=True),
        failed=Count("pk", filter=Q(what="failed")),
        slow=Count("pk", filter=Q(what="slow")),
        passed_over=Count("run_id", filter=Q(what="passed_over"), distinct=True),
        wasted=Sum("cost_nanos"),
    )
    without = Run.objects.filter(
        tenant=tenant, state="degraded", pk__in=troubles.filter(what="degraded").values("run_id")
    ).aggregate(runs=Count("pk"), cost=Sum("cost_nanos"))
    return Affected(
        runs=told["runs"],
        failed_attempts=told["failed"],
        slow_attempts=told["slow"],
        passed_over_runs=told["passed_over"],
        degraded_runs=without["runs"],
        wasted_nanos=told["wasted"] or 0,
        degraded_nanos=without["cost"] or 0,
    )


def affected_runs(tenant: Tenant, links: Collection[str], since: datetime, *, most: int = 20) -> list[AffectedRun]:
    """The runs reached last, newest trouble first; in two queries."""
    found: dict[str, list[LinkTrouble]] = defaultdict(list)
    for trouble in _troubles(tenant, links, since).order_by("-at", "-pk")[: most * 20]:
        if trouble.run_id in found or len(found) < most:
            found[trouble.run_id].append(trouble)
    runs = Run.objects.select_related("surface").in_bulk(found)
    return [_told(runs[run_id], troubles) for run_id, troubles in found.items() if run_id in runs]


def percentile_ms(spread: Counter[str], share: float) -> int | None:
    """The duration that this share of calls did not exceed, within the width of its bucket; None without calls."""
    wanted, seen, lower = share * spread.total(), 0, 0
    for bound in BOUNDS_MS:
        here = spread[str(bound)]
        if here and seen + here >= wanted:
            return round(lower + (bound - lower) * (wanted - seen) / here)
        seen, lower = seen + here, bound
    return None


def _troubles(tenant: Tenant, links: Collection[str], since: datetime) -> QuerySet[LinkTrouble]:
    return LinkTrouble.objects.filter(tenant=tenant, link__in=links, at__gte=since)


def _summed(rows: Sequence[LinkMinute]) -> Figures:
    spread: Counter[str] = Counter()
    for row in rows:
        spread.update(row.spread)
    return Figures(
        calls=sum(row.calls for row in rows),
        failures=sum(row.failures for row in rows),
        slow=sum(row.slow for row in rows),
        p50_ms=percentile_ms(spread, 0.5),
        p95_ms=percentile_ms(spread, 0.95),
    )


def _told(run: Run, troubles: Sequence[LinkTrouble]) -> AffectedRun:
    told = AffectedRun(run, troubles[0].at)
    for trouble in troubles:
        told.what.add(trouble.what)
        told.links.add(trouble.link)
    return told
