"""What the prices pages read: every LLM and tool in use or priced, what holds now, what comes next, what was spent."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, Sum

from agents.contracts.ids import first_run_id
from agents.contracts.llms import priced_name
from agents.models import Agent
from budgets.listed_prices import listed_price
from budgets.models import Hold, PriceOverride, Tenant, UnpricedLLM
from budgets.models.hold import HoldState
from budgets.prices import TOOL, version_after, version_at
from budgets.pricing import PriceSnapshot, Rates
from budgets.unpriced import seen_without_price

SPEND_DAYS = 7


@dataclass(frozen=True, slots=True)
class Seen:
    """That an LLM was asked for and had no price. `times` is None for people who may not know of other tenants."""

    last_at: datetime
    tenant_slug: str
    times: int | None


@dataclass(frozen=True, slots=True)
class Spend:
    """What this tenant's runs of the last seven days spent on it, in nano-USD."""

    nanos: int = 0
    calls: int = 0


@dataclass(frozen=True, slots=True)
class Priced:
    """An LLM, or a tool as "tool:<name>", with what holds now and what is scheduled."""

    name: str
    price: PriceSnapshot | None
    version: PriceOverride | None = None
    upcoming: PriceOverride | None = None
    used_by: tuple[str, ...] = ()
    spend: Spend = Spend()
    seen: Seen | None = None

    @property
    def is_tool(self) -> bool:
        """Whether this is a fee rather than a price of tokens."""
        return self.name.startswith(TOOL)

    @property
    def has_fee(self) -> bool:
        """Whether a request costs something by itself, now or from a scheduled version on."""
        upcoming = self.upcoming.to_rates() if self.upcoming else None
        return any(rates.per_request for rates in (self.rates, upcoming) if rates)

    @property
    def title(self) -> str:
        """The name as people say it."""
        return self.name.removeprefix(TOOL)

    @property
    def rates(self) -> Rates | None:
        """The rates that hold now."""
        return self.price.rates if self.price else None


@dataclass(frozen=True, slots=True)
class PriceList:
    """The page: LLMs without a price and with one, tools with a fee, now or soon, and those without."""

    unpriced: list[Priced]
    llms: list[Priced]
    fees: list[Priced]
    free_tools: list[Priced]

    @property
    def spent_nanos(self) -> int:
        """All that this tenant spent in the seven days, in nano-USD."""
        return sum(row.spend.nanos for row in (*self.unpriced, *self.llms, *self.fees, *self.free_tools))


@dataclass(slots=True)
class _Found:
    """What the rows say, by priced name."""

    versions: dict[str, list[PriceOverride]]
    used_by: dict[str, list[str]]
    spend: dict[str, Spend] = field(default_factory=dict)
    seen: dict[str, Seen] = field(default_factory=dict)

    def row(self, name: str, at: datetime) -> Priced:
        versions = self.versions.get(name, [])
        version = version_at(versions, at)
        own = version.to_snapshot() if version else None
        return Priced(
            name=name,
            price=own or listed_price(name, at),
            version=version if own else None,
            upcoming=version_after(versions, at),
            used_by=tuple(self.used_by.get(name, ())),
            spend=self.spend.get(name, Spend()),
            seen=self.seen.get(name),
        )


def price_list(tenant: Tenant, at: datetime, *, of_platform: bool) -> PriceList:
    """Everything that agents may call, that was called in the last seven days, that has or lacks a price.

    Other tenants' calls and wishes are no part of it, but for people of the platform the wishes are.
    """
    found = _Found(_versions(), _used_by(), _spend(tenant, at), _seen(tenant, at, of_platform=of_platform))
    names = {*found.versions, *found.used_by, *found.spend, *found.seen}
    rows = [found.row(name, at) for name in sorted(names)]
    rows.sort(key=lambda row: -row.spend.nanos)
    llms = [row for row in rows if not row.is_tool]
    return PriceList(
        unpriced=[row for row in llms if row.price is None],
        llms=[row for row in llms if row.price],
        fees=[row for row in rows if row.is_tool and row.has_fee],
        free_tools=[row for row in rows if row.is_tool and not row.has_fee],
    )


def priced(name: str, tenant: Tenant, at: datetime, *, of_platform: bool) -> tuple[Priced, list[PriceOverride]]:
    """One LLM or tool with all its versions, the one that holds last first."""
    versions = list(PriceOverride.objects.for_llm(name))
    seen = _seen(tenant, at, of_platform=of_platform)
    return _Found({name: versions}, _used_by(), _spend(tenant, at), seen).row(name, at), versions


def _versions() -> dict[str, list[PriceOverride]]:
    by_name: dict[str, list[PriceOverride]] = {}
    for version in PriceOverride.objects.order_by("-effective_from", "-id"):
        by_name.setdefault(version.llm, []).append(version)
    return by_name


def _used_by() -> dict[str, list[str]]:
    """Agents by what their current version may call."""
    users: dict[str, list[str]] = {}
    for agent in Agent.objects.filter(current__isnull=False).select_related("current").order_by("name"):
        spec = agent.current.to_spec() if agent.current else None
        llms = (*spec.llms, spec.summary_llm) if spec else ()
        tools = (TOOL + tool.name for tool in spec.tools) if spec else ()
        for name in dict.fromkeys((*(priced_name(llm) for llm in llms if llm), *tools)):
            users.setdefault(name, []).append(agent.name)
    return users


def _spend(tenant: Tenant, at: datetime) -> dict[str, Spend]:
    """By run, since run ids are ordered by time: an index for this would cost every call."""
    first = first_run_id(at - timedelta(days=SPEND_DAYS))
    holds = Hold.objects.for_tenant(tenant).filter(run_id__gte=first, state=HoldState.SETTLED)
    spends: dict[str, Spend] = {}
    for llm, nanos, calls in holds.values_list("llm").annotate(nanos=Sum("settled_nanos"), calls=Count("pk")):
        before = spends.get(priced_name(llm), Spend())
        spends[priced_name(llm)] = Spend(before.nanos + nanos, before.calls + calls)
    return spends


def _seen(tenant: Tenant, at: datetime, *, of_platform: bool) -> dict[str, Seen]:
    """Counted over all tenants: who belongs to one learns when it was there last, and nothing of the others."""
    rows = seen_without_price(at)
    mine = [row for row in rows if of_platform or row.last_tenant == tenant.slug]
    return {row.llm: _as_seen(row, of_platform=of_platform) for row in mine}


def _as_seen(row: UnpricedLLM, *, of_platform: bool) -> Seen:
    return Seen(row.last_seen_at, row.last_tenant, row.times if of_platform else None)
