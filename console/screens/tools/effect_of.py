"""What forcing a link would do, said before it is done. Pure."""

from collections.abc import Mapping
from copy import copy
from datetime import datetime

from agents.models import ToolHealth
from agents.tools.breaker import Forced
from console.screens.tools.known import KnownTool
from console.screens.tools.standing import ToolStanding, standing_of

VERBS: Mapping[Forced, str] = {
    "open": "Force open",
    "closed": "Force closed",
    "only": "Use only",
    "": "Let go of",
}


def forced_otherwise(
    tool: KnownTool, health: Mapping[str, ToolHealth], link: str, to: Forced, now: datetime
) -> ToolStanding:
    """How the chain would stand with the link forced to this; "" lets it go."""
    rows = {each: copy(health[each]) for each in tool.links if each in health}
    row = rows.setdefault(link, ToolHealth(link=link, window_started_at=now))
    for other in rows.values():
        if to == "only" and other.forced == "only":
            other.forced = ""
    row.forced = to
    return standing_of(tool, rows)


def means(tool: KnownTool, before: ToolStanding, after: ToolStanding, link: str, to: Forced) -> list[str]:
    """The consequences in sentences, the first one first."""
    name = link.partition("/")[2]
    return [_of_the_link(name, after, link, to), _of_the_calls(tool, before, after), _of_the_end(to)]


def _of_the_link(name: str, after: ToolStanding, link: str, to: Forced) -> str:
    if to == "open":
        return f"No worker calls {name} any more, whatever its breaker has counted."
    if to == "closed":
        return f"{name} is called whatever it answers: its breaker does not open, however many calls fail."
    if to == "only":
        return f"Only {name} is called, whatever it answers; the rest of the chain is set aside."
    state = next((each.status.word for each in after.links if each.link == link), "closed")
    return f"The breaker of {name} decides again. By what was counted meanwhile it is {state}."


def _of_the_calls(tool: KnownTool, before: ToolStanding, after: ToolStanding) -> str:
    if after.serving is None:
        if tool.is_llm:
            return "Runs go on to the next LLM of their agent's chain; where there is none, they fail."
        return f"Nothing serves {tool.name} then: runs go on without it and end degraded, naming it in the answer."
    if before.serving is not None and before.serving.link == after.serving.link:
        return f"{after.serving.name} serves, as it does now."
    was = before.serving.name if before.serving else "nothing"
    return f"Calls go to {after.serving.name}; now {was} serves."


def _of_the_end(to: Forced) -> str:
    if to:
        return "All workers know within 2 seconds. It holds for all tenants, until somebody lets go."
    return "All workers know within 2 seconds, for all tenants."
