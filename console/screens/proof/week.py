"""What the proof page reads of the last seven days: how tight holds were, what was refused, what was left open."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    BigIntegerField,
    BooleanField,
    Count,
    ExpressionWrapper,
    F,
    Q,
    QuerySet,
    Sum,
    Value,
    Window,
)
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Least, NullIf, RowNumber

from agents.journal.severity import WARN
from agents.models import EventRow, Run
from budgets.models import Hold, Tenant
from budgets.models.hold import HoldState
from budgets.tiers import SCOPES, Scope

WEEK = timedelta(days=7)
BINS = 10
LISTED = 6
BAR_HEIGHT = 24
FREE = Q(amount_nanos=0)
WHOSE: dict[Scope, str] = {
    "run": "a run",
    "session": "a session",
    "user_day": "a user’s day",
    "surface_day": "a surface’s day",
    "tenant_day": "the tenant’s day",
    "tenant_month": "the tenant’s month",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a histogram, in a drawing of 100 by 24: the calls that cost such a share of their hold."""

    label: str
    calls: int
    height: int
    x: int

    @property
    def top(self) -> int:
        """Where it begins, from above."""
        return BAR_HEIGHT - self.height


@dataclass(slots=True)
class Tightness:
    """One LLM: what its settled calls held and cost, in nano-USD, and how the shares are spread."""

    llm: str
    calls: int = 0
    held_nanos: int = 0
    charged_nanos: int = 0
    counts: list[int] = field(default_factory=lambda: [0] * BINS)

    @property
    def percent(self) -> int | None:
        """What was charged, in percent of what was held."""
        return round(100 * self.charged_nanos / self.held_nanos) if self.held_nanos else None

    @property
    def bars(self) -> list[Bar]:
        """The histogram, left to right."""
        most = max(self.counts)
        return [
            Bar(_label(number), calls, _height(calls, most), 10 * number) for number, calls in enumerate(self.counts)
        ]


@dataclass(frozen=True, slots=True)
class Refused:
    """How often accounts of one kind refused a reservation."""

    whose: str
    times: int


@dataclass(frozen=True, slots=True)
class Marked:
    """Settled calls with a mark: how many, what they cost and held in nano-USD, and the latest of them."""

    calls: int
    charged_nanos: int
    held_nanos: int
    latest: list[Hold]

    @property
    def above_nanos(self) -> int:
        """What was billed above the holds."""
        return self.charged_nanos - self.held_nanos


@dataclass(frozen=True, slots=True)
class Week:
    """One tenant's last seven days, and its oldest open hold."""

    reservations: int
    tightness: list[Tightness]
    refused: list[Refused]
    unreconciled: Marked
    overbilled: Marked
    oldest_open: Hold | None


def figures_of_week(tenant: Tenant, now: datetime) -> Week:
    """Reads the runs that were at work since then, by their index, and their holds by run."""
    since = now - WEEK
    runs = Run.objects.filter(tenant=tenant).filter(Q(ended_at=None) | Q(ended_at__gte=since))
    holds = Hold.objects.for_tenant(tenant).filter(run_id__in=runs.values("pk"), opened_at__gte=since)
    kinds = list(_kinds(holds))
    listed = list(_listed(holds))
    return Week(
        reservations=sum(kind["calls"] for kind in kinds),
        tightness=_tightness(kinds),
        refused=_refused(runs, since),
        unreconciled=_marked("unreconciled", kinds, listed),
        overbilled=_marked("over_ceiling", kinds, listed),
        oldest_open=Hold.objects.for_tenant(tenant).open().order_by("opened_at").first(),
    )


def _kinds(holds: QuerySet[Hold]) -> Iterable[Mapping[str, Any]]:
    """All of them in one query: sums by LLM, mark, and the tenth of the hold that was charged."""
    held = NullIf(F("amount_nanos"), Value(0))
    tenths = CombinedExpression(F("settled_nanos") * BINS, "/", held, output_field=BigIntegerField())
    free = ExpressionWrapper(FREE, output_field=BooleanField())
    kinds = holds.annotate(tenth=Least(tenths, BINS - 1), is_free=free)
    return (
        kinds.values("llm", "tenth", "is_free", "state", "unreconciled", "over_ceiling")
        .annotate(calls=Count("pk"), held=Sum("amount_nanos"), charged=Sum("settled_nanos", default=0))
        .order_by("llm", "tenth")
    )


def _tightness(kinds: Iterable[Mapping[str, Any]]) -> list[Tightness]:
    """By LLM, dearest first; estimates are left out: they say nothing of what a call really cost."""
    settled = (kind for kind in kinds if kind["state"] == HoldState.SETTLED)
    rows = [kind for kind in settled if not kind["unreconciled"] and not kind["is_free"]]
    return sorted(_by_llm(rows), key=lambda each: -each.held_nanos)


def _by_llm(rows: Iterable[Mapping[str, Any]]) -> list[Tightness]:
    found: dict[str, Tightness] = {}
    for row in rows:
        each = found.setdefault(row["llm"], Tightness(row["llm"]))
        each.calls += row["calls"]
        each.held_nanos += int(row["held"])
        each.charged_nanos += int(row["charged"])
        each.counts[row["tenth"]] += row["calls"]
    return list(found.values())


def _refused(runs: QuerySet[Run], since: datetime) -> list[Refused]:
    """Wide scopes last; a run that was refused money is marked with a warning at least, which spares the others."""
    warned = runs.filter(severity__gte=WARN).values("pk")
    events = EventRow.objects.filter(run__in=warned, kind="hold.refused", at__gte=since)
    times = dict(events.values_list("data__scope").annotate(times=Count("seq")).order_by())
    return [Refused(WHOSE[scope], times[scope]) for scope in SCOPES if scope in times]


def _listed(holds: QuerySet[Hold]) -> QuerySet[Hold]:
    """The latest with each mark, and with both."""
    place = Window(RowNumber(), partition_by=["unreconciled", "over_ceiling"], order_by=F("opened_at").desc())
    marked = holds.filter(Q(unreconciled=True) | Q(over_ceiling=True))
    return marked.annotate(place=place).filter(place__lte=LISTED).order_by("-opened_at")


def _marked(mark: str, kinds: Iterable[Mapping[str, Any]], listed: Iterable[Hold]) -> Marked:
    rows = [kind for kind in kinds if kind[mark]]
    calls, charged, held = (sum(int(row[name]) for row in rows) for name in ("calls", "charged", "held"))
    return Marked(calls, charged, held, [hold for hold in listed if getattr(hold, mark)][:LISTED])


def _label(tenth: int) -> str:
    """The last one has those too that a vendor billed above their hold."""
    return f"{10 * tenth} to {10 * tenth + 10} %" if tenth < BINS - 1 else f"{10 * tenth} % or more"


def _height(calls: int, most: int) -> int:
    """Anything that happened shows."""
    return max(2, BAR_HEIGHT * calls // most) if calls else 0
