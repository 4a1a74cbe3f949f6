"""What one can stop: chosen runs, those of a filter, or a part of the house that stays closed until it is lifted."""

from dataclasses import dataclass
from typing import Literal, cast, get_args

from django.db.models import QuerySet

from agents.contracts.endings import TERMINAL
from agents.contracts.ids import short_id
from agents.models import Run, Switch
from agents.models.switch import Reach
from agents.switches import reached_by
from budgets.models import Surface, Tenant
from console.access.policy import Verb, verb_to_switch
from console.screens.runs.filters import filter_runs
from console.screens.runs.query import parse
from console.screens.stops.asked import Asked

Kind = Literal["runs", "filter"] | Reach

MOST_RUNS = 20_000
"""So many ids fit a form and a statement; whoever has more at work stops their agent, surface or tenant."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Something that can be stopped: its words, the live runs within it, and the stop that would keep it closed."""

    kind: Kind
    words: str
    runs: QuerySet[Run]
    switch: Switch | None = None
    problem: str = ""

    @property
    def verb(self) -> str:
        """What one types before the count."""
        return "stop" if self.switch else "kill"


def scope_of(asked: Asked, *, tenant: Tenant, verbs: frozenset[Verb]) -> Scope | None:
    """What was asked for, within what this person may stop; None when it is nothing of the kind."""
    if asked.kind == "runs" and asked.run_ids:
        chosen = Run.objects.filter(tenant=tenant, pk__in=asked.run_ids[:MOST_RUNS])
        return Scope("runs", _chosen_words(asked.run_ids), stoppable(chosen))
    if asked.kind == "filter":
        found, problems = filter_runs(Run.objects.filter(tenant=tenant), parse(asked.q))
        return Scope("filter", _filter_words(asked.q), stoppable(found), problem=" ".join(problems))
    switch = _switch(asked, tenant)
    if switch is None or not may_switch(switch, verbs):
        return None
    return Scope(switch.known_reach, words_of(switch), stoppable(reached_by(switch)), switch)


def stoppable(runs: QuerySet[Run]) -> QuerySet[Run]:
    """Those of the runs that have not ended and that nobody has killed yet."""
    return runs.exclude(state__in=TERMINAL).filter(kill_requested_at=None)


def may_switch(switch: Switch, verbs: frozenset[Verb]) -> bool:
    """Whether a person with these verbs in the switch's tenant may set and lift it."""
    return verb_to_switch(switch.known_reach, switch.tenant) in verbs


def words_of(switch: Switch) -> str:
    """What a stop closes, as people of its tenant read it."""
    if switch.reach == "everything":
        return "everything, in all tenants"
    if switch.reach == "tenant":
        return f"everything of {switch.tenant}"
    if switch.reach == "surface":
        return f"the surface {switch.surface.slug if switch.surface else ''}"
    what = f"the agent {switch.name}" if switch.reach == "agent" else f"every agent with the tool {switch.name}"
    return what if switch.tenant_id else f"{what}, in all tenants"


def _switch(asked: Asked, tenant: Tenant) -> Switch | None:
    """The stop that was asked for, not saved; None when it lacks its surface, agent or tool."""
    if asked.kind not in get_args(Reach):
        return None
    reach = cast(Reach, asked.kind)
    if reach == "everything":
        return Switch(reach=reach)
    if reach == "tenant":
        return Switch(reach=reach, tenant=tenant)
    if reach == "surface":
        surface = Surface.objects.for_tenant(tenant).filter(slug=asked.surface).first()
        return Switch(reach=reach, tenant=tenant, surface=surface) if surface else None
    name = asked.agent if reach == "agent" else asked.tool
    return Switch(reach=reach, tenant=None if asked.all_tenants else tenant, name=name) if name else None


def _chosen_words(run_ids: tuple[str, ...]) -> str:
    return f"run {short_id(run_ids[0])}" if len(run_ids) == 1 else f"{len(run_ids)} chosen runs"


def _filter_words(q: str) -> str:
    return f"runs that match {q.strip()}" if q.strip() else "all runs"
