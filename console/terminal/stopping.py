"""Turns what a person typed after `manage.py stop` into runs and reaches."""

from dataclasses import dataclass

from django.db.models import QuerySet

from agents.kills import live_ids
from agents.models import Run, Switch
from agents.models.switch import Reach
from agents.switches import reached_by
from budgets.models import Surface, Tenant
from console.screens.runs.filters import filter_runs
from console.screens.runs.query import parse


class WrongStop(ValueError):
    """What was typed names no runs or no reach; the message is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A reach that was typed: what it is of, and how many live runs are within it."""

    reach: Reach
    tenant: Tenant | None
    surface: Surface | None
    name: str

    @property
    def switch(self) -> Switch:
        """The switch as it would be set."""
        return Switch(reach=self.reach, tenant=self.tenant, surface=self.surface, name=self.name)

    @property
    def live(self) -> int:
        """How many runs setting it would kill now."""
        return len(live_ids(reached_by(self.switch)))


def matching(text: str, tenant: Tenant | None) -> QuerySet[Run]:
    """The runs that a filter text selects, as the list of runs reads it. Raises WrongStop for what it cannot read."""
    query = parse(text)
    if not query.terms:
        raise WrongStop("Write a filter, such as agent:support-triage; status:live means every live run.")
    runs = Run.objects.all() if tenant is None else Run.objects.filter(tenant=tenant)
    found, problems = filter_runs(runs, query)
    if problems:
        raise WrongStop(" ".join(problems))
    return found


def tenant_named(slug: str) -> Tenant | None:
    """None for no name. Raises WrongStop for one that nobody has."""
    if not slug:
        return None
    tenant = Tenant.objects.filter(slug=slug).first()
    if tenant is None:
        known = ", ".join(Tenant.objects.order_by("slug").values_list("slug", flat=True))
        raise WrongStop(f"There is no tenant {slug!r}; there are: {known}.")
    return tenant


def reach_named(reach: Reach, name: str, *, tenant: str, everywhere: bool) -> Reached:
    """A reach by its words. Raises WrongStop; what makes no reach at all is refused as it is set."""
    owner = tenant_named(name if reach == "tenant" else tenant)
    if reach in ("agent", "tool") and (owner is None) != everywhere:
        raise WrongStop(f"Say --tenant NAME, or --everywhere for the {reach} of all tenants.")
    if reach != "surface":
        return Reached(reach, owner, None, name if reach in ("agent", "tool") else "")
    if owner is None:
        raise WrongStop("Say --tenant NAME, whose surface it is.")
    surface = Surface.objects.for_tenant(owner).filter(slug=name).first()
    if surface is None:
        known = ", ".join(Surface.objects.for_tenant(owner).order_by("slug").values_list("slug", flat=True))
        raise WrongStop(f"{owner.slug} has no surface {name!r}; it has: {known}.")
    return Reached(reach, owner, surface, "")
