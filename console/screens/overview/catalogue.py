"""The tools and LLMs with how they stand; their chains are kept in this process until an agent or a tool changes."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from agents.models import ToolHealth
from console.screens.overview.lines import Line, of_kind
from console.screens.tools.known import KnownTool, known_tools
from console.screens.tools.standing import ToolStanding, standing_of

Catalogue = frozenset[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class ToolAt:
    """A tool or an LLM, and how its chain stands."""

    tool: KnownTool
    standing: ToolStanding


class _Kept(NamedTuple):
    """The chains as they were read last, and of which catalogue and links."""

    of: tuple[Catalogue, frozenset[str]]
    tools: tuple[KnownTool, ...]


_last: _Kept | None = None


def tools_at(lines: Iterable[Line]) -> list[ToolAt]:
    """All by name, the worst first: one query, and two more when something in the catalogue has changed."""
    health = {row.link: row for row in ToolHealth.objects.all()}
    catalogue = frozenset((line.kind, line.name, line.ref) for line in of_kind(lines, "agent", "tool"))
    found = [ToolAt(tool, standing_of(tool, health)) for tool in _known((catalogue, frozenset(health)))]
    return sorted(
        found, key=lambda each: (-each.standing.severity, each.standing.status.word, each.tool.is_llm, each.tool.name)
    )


def _known(of: tuple[Catalogue, frozenset[str]]) -> tuple[KnownTool, ...]:
    global _last
    kept = _last
    if kept is None or kept.of != of:
        kept = _last = _Kept(of, tuple(known_tools(of[1])))
    return kept.tools
