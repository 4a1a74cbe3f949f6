"""Selectors of the list of tools: one line each, the worst first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, CharField, Count, F, Value, When
from django.db.models.functions import StrIndex, Substr
from django.urls import reverse

from agents.models import LinkTrouble, McpTool, ToolHealth
from budgets.models import Tenant
from console.screens.tools.counted import HOUR, Counted, last_hour, together
from console.screens.tools.known import LLM, KnownTool, known_tools
from console.screens.tools.standing import LinkStanding, ToolStanding, standing_of


@dataclass(frozen=True, slots=True)
class ToolLine:
    """One row of the list. ``affected``: runs of this tenant that a fault of it touched in the last hour.

    ``changes``: tools of MCP servers in its chain that are no longer what a person accepted.
    """

    tool: KnownTool
    standing: ToolStanding
    hour: Counted
    href: str
    affected: int = 0
    changes: tuple[str, ...] = ()

    @property
    def severity(self) -> int:
        return max(self.standing.severity, 2 if self.changes else 0)

    @property
    def is_one(self) -> bool:
        """Whether its chain is itself and nothing else."""
        return [link.name for link in self.standing.links] == [self.tool.title]

    @property
    def tone(self) -> str:
        return "bad" if self.severity > 2 else "warn"

    @property
    def forced(self) -> LinkStanding | None:
        return next(iter(self.standing.forced), None)

    @property
    def word(self) -> str:
        return self.standing.status.word if self.standing.severity > 1 else "schema changed"

    @property
    def glyph(self) -> str:
        return self.standing.status.glyph if self.standing.severity > 1 else "warn"

    @property
    def trouble(self) -> str:
        """What is wrong and what serves instead, in a sentence."""
        changed = f"{', '.join(self.changes)} is no longer what was accepted, and calls to it are refused."
        return self.standing.trouble or changed


@dataclass(frozen=True, slots=True)
class ToolLists:
    """The lines of tools and of LLMs."""

    tools: tuple[ToolLine, ...]
    llms: tuple[ToolLine, ...]

    @property
    def troubled(self) -> tuple[ToolLine, ...]:
        return tuple(line for line in (*self.tools, *self.llms) if line.severity > 1)

    @property
    def down(self) -> tuple[ToolLine, ...]:
        return tuple(line for line in (*self.tools, *self.llms) if line.severity > 2)


def tool_lists(tenant: Tenant, now: datetime) -> ToolLists:
    """Every tool and every LLM with how it stands, in six queries."""
    health = {row.link: row for row in ToolHealth.objects.all()}
    tools = known_tools(health)
    counted = last_hour((link for tool in tools for link in tool.links), now)
    changed = changed_mcp_tools()
    hit = runs_hit(tenant, now - HOUR)
    lines = [
        ToolLine(
            tool=tool,
            standing=standing_of(tool, health),
            hour=together([counted.get(link) for link in tool.links]),
            href=address_of(tenant, tool),
            affected=hit.get(tool.name, 0),
            changes=_changes(tool, changed),
        )
        for tool in tools
    ]
    lines.sort(key=lambda line: (-line.severity, -line.affected, -line.hour.failures, line.tool.name))
    return ToolLists(
        tuple(line for line in lines if not line.tool.is_llm), tuple(line for line in lines if line.tool.is_llm)
    )


def address_of(tenant: Tenant, tool: KnownTool) -> str:
    """The page of a tool or an LLM."""
    return reverse("tools:llm" if tool.is_llm else "tools:detail", args=[tenant.slug, tool.title])


def changed_mcp_tools() -> Mapping[tuple[str, str], McpTool]:
    """Tools of MCP servers that are not what was accepted any more, or gone, by server and name."""
    rows = McpTool.objects.exclude(accepted_digest="").select_related("server")
    unlike = rows.exclude(accepted_digest=F("digest"), gone_at=None)
    return {(row.server.name, row.name): row for row in unlike}


def _changes(tool: KnownTool, changed: Mapping[tuple[str, str], McpTool]) -> tuple[str, ...]:
    ends = [each.mcp for each in (tool.spec.implementations if tool.spec else ()) if each.mcp]
    return tuple(f"{end.server}/{end.tool}" for end in ends if (end.server, end.tool) in changed)


def runs_hit(tenant: Tenant, since: datetime) -> dict[str, int]:
    """How many of the tenant's runs a fault of each tool or LLM touched since then, by its name, in one query."""
    tool = Substr("link", 1, StrIndex("link", Value("/")) - 1)
    name = Case(When(link__startswith=f"{LLM}/", then=F("link")), default=tool, output_field=CharField())
    rows = LinkTrouble.objects.filter(tenant=tenant, at__gte=since).annotate(name=name).values("name")
    return dict(rows.annotate(runs=Count("run_id", distinct=True)).values_list("name", "runs"))
