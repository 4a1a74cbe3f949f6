"""What the Stop… dialog offers: the scopes that this person may stop, each with what there is to choose."""

from collections.abc import Sequence
from dataclasses import dataclass

from agents.models import Agent
from budgets.models import Surface, Tenant
from console.access.policy import Verb, verb_to_switch
from console.screens.stops.asked import Asked
from console.screens.stops.scopes import Kind


@dataclass(frozen=True, slots=True)
class Choice:
    """A scope of the dialog; with ``options``, one of them has to be named too."""

    kind: Kind
    label: str
    hint: str = ""
    options: Sequence[str] = ()
    chosen: str = ""


def choices(*, tenant: Tenant, verbs: frozenset[Verb], asked: Asked, here: Asked) -> list[Choice]:
    """The scopes in the order of their width; ``here`` is what the page shows that one comes from."""
    found = [*_of_here(here), *_parts(tenant, asked)]
    found.append(Choice("tenant", f"Everything of {tenant.name}"))
    found.append(Choice("everything", "Everything", "in all tenants"))
    return [each for each in found if _allowed(each.kind, tenant, verbs)]


def _allowed(kind: Kind, tenant: Tenant, verbs: frozenset[Verb]) -> bool:
    return kind == "runs" or kind == "filter" or verb_to_switch(kind, tenant) in verbs


def _of_here(here: Asked) -> list[Choice]:
    if here.kind == "runs":
        return [Choice("runs", "This run", here.run_ids[0][-6:])]
    if here.kind == "filter":
        return [Choice("filter", "The runs of this filter", here.q)]
    return []


def _parts(tenant: Tenant, asked: Asked) -> list[Choice]:
    surfaces = [surface.slug for surface in Surface.objects.for_tenant(tenant)]
    agents = list(Agent.objects.filter(current__isnull=False).select_related("current").order_by("name"))
    tools = {tool.name for agent in agents if agent.current for tool in agent.current.to_spec().tools}
    parts = [
        Choice("surface", "A surface", "", surfaces, asked.surface),
        Choice("agent", "An agent", "", [agent.name for agent in agents], asked.agent),
        Choice("tool", "Agents with a tool", "", sorted(tools), asked.tool),
    ]
    return [part for part in parts if part.options]
