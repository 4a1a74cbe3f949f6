"""The tools and LLMs with how they stand; what agents and tools say is kept in this process, by its digest."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from agents.contracts.base import JsonObject
from agents.contracts.specs import AgentSpec
from agents.models import Tool, ToolHealth
from budgets.models import Tenant
from console.screens.attention import Attention
from console.screens.overview.lines import Line, attention_in, of_kind, read_lines
from console.screens.tools.known import KnownTool, known_among
from console.screens.tools.standing import ToolStanding, standing_of


@dataclass(frozen=True, slots=True)
class ToolAt:
    """A tool or an LLM, and how its chain stands."""

    tool: KnownTool
    standing: ToolStanding


@dataclass(frozen=True, slots=True)
class Kept:
    """What agents and tools said by the last look, and the chains that came of those lines and links."""

    specs: Mapping[str, JsonObject] = field(default_factory=dict)
    of: tuple[frozenset[tuple[str, ...]], frozenset[str]] = (frozenset(), frozenset())
    known: tuple[KnownTool, ...] = ()

    @property
    def digests(self) -> frozenset[str]:
        """Of what need not be read again: a digest is of all that an agent or a tool says."""
        return frozenset(self.specs)


_last = Kept()


@dataclass(frozen=True, slots=True)
class Look:
    """Lines, and what this process knew when it read them: they do not say it again."""

    lines: Sequence[Line]
    before: Kept

    @property
    def attention(self) -> Attention:
        """How much wants a look."""
        return attention_in(self.lines)


def kept() -> Kept:
    """What this process knows by now."""
    return _last


def look_at(tenant: Tenant, now: datetime) -> Look:
    """One query."""
    before = kept()
    return Look(read_lines(tenant, now, known=before.digests), before)


def tools_at(look: Look) -> list[ToolAt]:
    """All by name, the worst first; one query."""
    health = {row.link: row for row in ToolHealth.objects.all()}
    found = [ToolAt(tool, standing_of(tool, health)) for tool in _known(look, frozenset(health))]
    return sorted(
        found, key=lambda each: (-each.standing.severity, each.standing.status.word, each.tool.is_llm, each.tool.name)
    )


def _known(look: Look, links: frozenset[str]) -> tuple[KnownTool, ...]:
    global _last
    before, agents, tools = look.before, of_kind(look.lines, "agent"), of_kind(look.lines, "tool")
    of = frozenset((line.kind, line.name, line.ref, line.by) for line in [*agents, *tools]), links
    if before.of == of:
        return before.known
    specs = {line.ref: json.loads(line.note) if line.note else before.specs[line.ref] for line in [*agents, *tools]}
    newest = sorted(agents, key=lambda line: -int(line.run_id))
    versions = [(int(line.by), AgentSpec.model_validate(specs[line.ref])) for line in newest]
    rows = [Tool(name=line.name, spec=specs[line.ref], origin=line.by) for line in tools]
    _last = Kept(specs, of, tuple(known_among(versions, rows, links)))
    return _last.known
