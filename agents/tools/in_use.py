"""The tools that runs may meet now: those of each agent's current version, and the catalogue's."""

from collections.abc import Iterator

from agents.contracts.specs import Implementation, ToolSpec
from agents.models import Agent, Tool, ToolHealth


def tools_in_use() -> dict[str, ToolSpec]:
    """By name; where copies differ, the one of an agent's current version."""
    catalogue = {tool.name: tool.to_spec() for tool in Tool.objects.order_by("name")}
    return catalogue | {tool.name: tool for tool in _of_agents()}


def implementation_of(link: str) -> tuple[ToolSpec, Implementation] | None:
    """The tool and the implementation behind a link; None for an LLM's, and for one that nobody uses any more."""
    name, _, wanted = link.partition("/")
    copies = [*_of_agents(), *(tool.to_spec() for tool in Tool.objects.filter(name=name))]
    for tool in copies:
        if tool.name == name:
            for implementation in tool.implementations:
                if implementation.name == wanted:
                    return tool, implementation
    return None


def links_in_use() -> list[str]:
    """Each link of tools and LLMs that may be called, and those that have a row of health, in the order of names."""
    links = {f"{tool.name}/{each.name}" for tool in tools_in_use().values() for each in tool.implementations}
    links |= {f"{tool.name}/{each.name}" for tool in _of_agents() for each in tool.implementations}
    for agent in Agent.objects.select_related("current").exclude(current=None):
        if agent.current is not None:
            links |= {f"llm/{llm}" for llm in agent.current.to_spec().llms}
    return sorted(links | set(ToolHealth.objects.values_list("link", flat=True)))


def _of_agents() -> Iterator[ToolSpec]:
    for agent in Agent.objects.select_related("current").exclude(current=None).order_by("-name"):
        if agent.current is not None:
            yield from agent.current.to_spec().tools
