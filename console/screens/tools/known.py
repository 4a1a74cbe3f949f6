"""Which tools and LLMs there are: those of every agent's current version, and those in the catalogue."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agents.contracts.specs import AgentSpec, Implementation, ToolSpec
from agents.models import Agent, Tool

LLM = "llm"


@dataclass(frozen=True, slots=True)
class Holder:
    """An agent that has the tool, by its current version. ``same``: with the very chain that is shown."""

    agent: str
    version: int
    same: bool = True


@dataclass(frozen=True, slots=True)
class KnownTool:
    """A tool with its chain; an LLM is one without ``spec``, named ``llm/<reference>``, whose chain is itself alone.

    ``stands`` says where an LLM comes in the chains of agents, as (agent, chain, place).
    """

    name: str
    links: tuple[str, ...]
    spec: ToolSpec | None = None
    holders: tuple[Holder, ...] = ()
    origin: str = ""
    stands: tuple[tuple[str, tuple[str, ...], int], ...] = ()

    @property
    def is_llm(self) -> bool:
        return self.spec is None

    @property
    def title(self) -> str:
        return self.name.removeprefix(f"{LLM}/") if self.is_llm else self.name

    @property
    def fails_over(self) -> bool:
        """Whether a broken link hands on to the next: what acts on the world is never sent elsewhere by itself."""
        return not self.acts

    @property
    def acts(self) -> bool:
        """Whether a call of it changes something in the world."""
        return self.spec is not None and self.spec.effect != "pure"

    def implementation(self, link: str) -> Implementation | None:
        """The link's own terms; None for an LLM."""
        chain = self.spec.implementations if self.spec else ()
        return next((each for each in chain if link == f"{self.name}/{each.name}"), None)


def known_tools(seen: Iterable[str] = ()) -> list[KnownTool]:
    """Every tool and LLM by name, in two queries. ``seen``: links that have a breaker; LLMs chosen at a launch do."""
    return known_among(_current(), Tool.objects.all(), seen)


def known_among(versions: list[tuple[int, AgentSpec]], tools: Iterable[Tool], seen: Iterable[str]) -> list[KnownTool]:
    """The same, of what has been read: the agents' current versions as (number, spec), the newest first."""
    catalogue = {tool.name: tool for tool in tools}
    return [*_tools(versions, catalogue), *_llms(versions, seen)]


def find_tool(name: str, seen: Iterable[str] = ()) -> KnownTool | None:
    """The tool or LLM of that name, in one query; in two when no agent has it."""
    versions = _current()
    held = [*_tools(versions, {}), *_llms(versions, seen)]
    found = next((tool for tool in held if tool.name == name), None)
    if found is not None or name.startswith(f"{LLM}/"):
        return found
    return next(iter(_tools([], {tool.name: tool for tool in Tool.objects.filter(name=name)})), None)


def _current() -> list[tuple[int, AgentSpec]]:
    """The current version of each agent, as (number, spec), the newest first."""
    agents = Agent.objects.filter(current__isnull=False).select_related("current")
    versions = sorted((agent.current for agent in agents if agent.current), key=lambda version: -version.pk)
    return [(version.number, version.to_spec()) for version in versions]


def _tools(versions: list[tuple[int, AgentSpec]], catalogue: Mapping[str, Tool]) -> Iterable[KnownTool]:
    shown: dict[str, ToolSpec] = {}
    holders: dict[str, list[Holder]] = {}
    for number, agent in versions:
        for tool in agent.tools:
            first = shown.setdefault(tool.name, tool)
            same = tool.implementations == first.implementations
            holders.setdefault(tool.name, []).append(Holder(agent.name, number, same))
    for name, row in catalogue.items():
        shown.setdefault(name, row.to_spec())
    for name, spec in sorted(shown.items()):
        links = tuple(f"{name}/{each.name}" for each in spec.implementations)
        kept = tuple(sorted(holders.get(name, ()), key=lambda holder: holder.agent))
        origin = catalogue[name].origin if name in catalogue else ""
        yield KnownTool(name, links, spec, kept, origin)


def _llms(versions: list[tuple[int, AgentSpec]], seen: Iterable[str]) -> Iterable[KnownTool]:
    holders: dict[str, set[Holder]] = {
        link.removeprefix(f"{LLM}/"): set() for link in seen if link.startswith(f"{LLM}/")
    }
    stands: dict[str, list[tuple[str, tuple[str, ...], int]]] = {}
    for number, agent in versions:
        others = [agent.summary_llm, agent.grading.llm if agent.grading else ""]
        for llm in filter(None, [*agent.llms, *others]):
            holders.setdefault(llm, set()).add(Holder(agent.name, number))
        for place, llm in enumerate(agent.llms):
            stands.setdefault(llm, []).append((agent.name, agent.llms, place))
    for llm, having in sorted(holders.items()):
        kept = tuple(sorted(having, key=lambda holder: holder.agent))
        name = f"{LLM}/{llm}"
        yield KnownTool(name, (name,), holders=kept, stands=tuple(stands.get(llm, ())))
