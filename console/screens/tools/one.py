"""Selectors of one tool's page: its links in detail, what became of them, and who has it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.db.models import Q, QuerySet

from agents.contracts.endings import TERMINAL
from agents.contracts.specs import Implementation
from agents.models import AgentVersion, HealthChange, Run, ToolHealth, ToolNote
from budgets.models import Tenant
from console.live.status import Tone
from console.screens.tools.counted import Counted
from console.screens.tools.known import KnownTool
from console.screens.tools.standing import LinkStanding, ToolStanding

CHANGES_SHOWN = 30
CHANGES_READ = 300
STANDING_WORDS: Mapping[str, tuple[str, Tone]] = {
    "closed": ("closed", "ok"),
    "half_open": ("half open", "warn"),
    "open": ("open", "bad"),
    "forced_open": ("forced open", "bad"),
    "forced_closed": ("forced closed", "warn"),
    "only": ("only this one", "warn"),
}
NOTES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class LinkCard:
    """One link of a chain with all that its card says. ``slow_after_ms`` 0: an answer is never too slow."""

    standing: LinkStanding
    place: int
    kind: str
    where: str
    timeout_seconds: float | None
    slow_after_ms: int
    slow_is_edited: bool
    hour: Counted
    since: datetime | None
    last_error: HealthChange | None
    probe_asked_at: datetime | None
    changed: bool = False


def cards_of(
    tool: KnownTool,
    standing: ToolStanding,
    health: Mapping[str, ToolHealth],
    counted: Mapping[str, Counted],
    changes: Sequence[HealthChange],
) -> list[LinkCard]:
    """The links in the order of the chain; ``counted`` is of the last hour."""
    return [
        _card(each, place, tool.implementation(each.link), health.get(each.link), counted.get(each.link), changes)
        for place, each in enumerate(standing.links, start=1)
    ]


def _card(
    standing: LinkStanding,
    place: int,
    terms: Implementation | None,
    row: ToolHealth | None,
    counted: Counted | None,
    changes: Sequence[HealthChange],
) -> LinkCard:
    own = [change for change in changes if change.link == standing.link]
    own_slow_ms = int(terms.slow_seconds * 1000) if terms else 0
    edited = row.slow_after_ms if row else None
    return LinkCard(
        standing=standing,
        place=place,
        kind=terms.kind if terms else "LLM",
        where=where(terms) if terms else "",
        timeout_seconds=terms.timeout_seconds if terms else None,
        slow_after_ms=own_slow_ms if edited is None else edited,
        slow_is_edited=edited is not None,
        hour=counted or Counted(),
        since=standing.since or next((change.at for change in own), None),
        last_error=next((change for change in own if change.error), None),
        probe_asked_at=row.probe_asked_at if row else None,
    )


def where(terms: Implementation) -> str:
    """Where a link leads: a function, a host or a server, and nothing that a secret could hide in."""
    if terms.http:
        return f"{terms.http.method} {host_of(terms.http.url)}"
    if terms.mcp:
        return f"{terms.mcp.server} · {terms.mcp.tool}"
    return terms.target.partition(":")[0]


def host_of(url: str) -> str:
    """The host of an address, without who signs in there, the path or the query."""
    try:
        return urlsplit(url).hostname or "?"
    except ValueError:
        return "?"


def changes_of(tool: KnownTool, tenant: Tenant, since: datetime) -> list[HealthChange]:
    """What became of the breakers of its links, the newest first; texts of other tenants' runs are left out."""
    rows = list(HealthChange.objects.filter(link__in=tool.links, at__gte=since).order_by("-at")[:CHANGES_READ])
    for row in rows:
        if row.tenant_id != tenant.pk and (row.tenant_id is not None or row.run_id):
            row.error = row.run_id = ""
    return rows


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """A change of a breaker in words."""

    change: HealthChange

    @property
    def name(self) -> str:
        return self.change.link.partition("/")[2]

    @property
    def was_word(self) -> str:
        return STANDING_WORDS.get(self.change.was, (self.change.was, "dim"))[0]

    @property
    def now_word(self) -> str:
        return STANDING_WORDS.get(self.change.now, (self.change.now, "dim"))[0]

    @property
    def tone(self) -> Tone:
        return STANDING_WORDS.get(self.change.now, (self.change.now, "dim"))[1]


def notes_of(tool: KnownTool, tenant: Tenant) -> list[ToolNote]:
    """What operators of this tenant left for the next one, the newest first."""
    return list(ToolNote.objects.filter(tenant=tenant, tool=tool.name).order_by("-at", "-pk")[:NOTES_SHOWN])


def live_runs_with(tool: KnownTool, tenant: Tenant) -> int:
    """How many live runs of the tenant may call it: their version has it, be it the current one or not."""
    live = Run.objects.filter(tenant=tenant).exclude(state__in=sorted(TERMINAL))
    having = [version.pk for version in _versions_of(live) if _has(version, tool)]
    own = Q(llm=tool.title) if tool.is_llm else Q()
    return live.filter(Q(version_id__in=having) | own).count() if having or tool.is_llm else 0


def _versions_of(runs: QuerySet[Run]) -> QuerySet[AgentVersion]:
    return AgentVersion.objects.filter(pk__in=runs.values("version_id").distinct())


def _has(version: AgentVersion, tool: KnownTool) -> bool:
    spec = version.to_spec()
    if tool.is_llm:
        return tool.title in (*spec.llms, spec.summary_llm, spec.grading.llm if spec.grading else "")
    return any(each.name == tool.name for each in spec.tools)
