"""Switches: close a part of the house to runs until somebody lifts it. What runs there is killed in the same commit."""

from collections.abc import Collection, Iterable

from django.db import transaction
from django.db.models import Q, QuerySet

from agents import kills
from agents.contracts.endings import TERMINAL
from agents.journal.gate import plain
from agents.models import Run, Switch
from agents.models.agent import AgentVersion
from agents.models.switch import Reach
from budgets import actions, clock
from budgets.limits import lock_tiers
from budgets.models import Surface, Tenant

NAMED: frozenset[Reach] = frozenset({"agent", "tool"})


class SwitchRefused(Exception):
    """A switch that cannot be set, in one sentence for people."""


def set_switch(
    *,
    reach: Reach,
    actor: str,
    reason: str,
    tenant: Tenant | None = None,
    surface: Surface | None = None,
    name: str = "",
) -> Switch:
    """Close this reach to launches and kill what is live within it, by the switch's order. Raises SwitchRefused.

    ``everything`` takes nothing else; ``tenant`` its tenant; ``surface`` its surface and that one's tenant; ``agent``
    and ``tool`` a name, and the tenant, or None for all of them.
    """
    switch = Switch(reach=reach, tenant=tenant, surface=surface, name=name, reason=plain(reason), set_by=actor)
    _check(switch)
    with transaction.atomic():
        _hold_launches_still(tenant)
        _refuse_second(switch)
        switch.order = kills.give_order(scope=f"switch: {switch.words}", actor=actor, reason=reason, tenant=tenant)
        switch.set_at = switch.order.requested_at
        switch.save()
        run_ids = kills.live_ids(reached_by(switch))
        _note(switch, "switch.set", actor, reason, after={"order": switch.order.pk, "runs": len(run_ids)})
        stopped = kills.carry_out(switch.order, run_ids[: kills.MOST_AT_ONCE])
    stopped.tell()
    kills.carry_on(switch.order, run_ids[kills.MOST_AT_ONCE :])
    return switch


def lift(*, switch: Switch, actor: str, reason: str) -> bool:
    """Let launches through again; what was killed stays so. False when it was lifted before."""
    with transaction.atomic():
        on = Switch.objects.on().filter(pk=switch.pk)
        if not on.update(lifted_by=actor, lifted_at=clock.now(), lift_reason=plain(reason)):
            return False
        _note(switch, "switch.lift", actor, reason)
    switch.refresh_from_db()
    return True


def standing(*, tenant: Tenant, surface: Surface, agent: str, tools: Collection[str]) -> list[Switch]:
    """The switches that a run of this agent with these tools would meet there, the widest reach first."""
    known = Switch.objects.on().filter(Q(tenant=None) | Q(tenant=tenant)).select_related("tenant", "surface")
    return met(known.order_by("pk"), surface=surface, agent=agent, tools=tools)


def met(switches: Iterable[Switch], *, surface: Surface, agent: str, tools: Collection[str]) -> list[Switch]:
    """Those of these switches, which reach the surface's tenant, that such a run would meet there."""
    whole: dict[str, bool] = {"everything": True, "tenant": True}
    return [
        switch
        for switch in switches
        if whole.get(switch.reach)
        or (switch.reach == "surface" and switch.surface_id == surface.pk)
        or (switch.reach == "agent" and switch.name == agent)
        or (switch.reach == "tool" and switch.name in tools)
    ]


def refusal(switch: Switch) -> str:
    """Which switch refuses a launch, who set it, when and why, in one sentence."""
    words = switch.words[:1].upper() + switch.words[1:]
    return f"{words} was stopped by {switch.set_by} on {switch.set_at:%Y-%m-%d %H:%M} UTC: {switch.reason}"


def reached_by(switch: Switch) -> QuerySet[Run]:
    """The live runs within its reach; it need not have been saved."""
    live = Run.objects.exclude(state__in=TERMINAL)
    if switch.tenant_id is not None:
        live = live.filter(tenant_id=switch.tenant_id)
    if switch.reach == "surface":
        return live.filter(surface=switch.surface)
    if switch.reach == "agent":
        return live.filter(agent_name=switch.name)
    if switch.reach == "tool":
        return live.filter(version__in=_versions_with(switch.name, live))
    return live


def turned_away(run_id: str) -> bool:
    """Whether a run that was about to start meets a switch; it is then killed by that switch's order.

    A switch kills what it reaches as it is set, so that this finds a run only between two commits of a long order.
    """
    if not Switch.objects.on().exists():
        return False
    run = Run.objects.select_related("tenant", "surface", "version").filter(pk=run_id).first()
    met = standing_for(run) if run is not None else []
    if not met:
        return False
    first = met[0]
    with transaction.atomic():
        if first.order is not None:
            stopped = kills.carry_out(first.order, [run_id])
        else:  # taken away with old records
            stopped = kills.stop([run_id], kills.Said(first.set_by, first.reason))
    stopped.tell()
    return True


def standing_for(run: Run) -> list[Switch]:
    """The switches that this run meets."""
    return standing(tenant=run.tenant, surface=run.surface, agent=run.agent_name, tools=tool_names(run.version))


def tool_names(version: AgentVersion) -> frozenset[str]:
    """The tools of an agent version, from its stored spec."""
    return frozenset(tool["name"] for tool in version.spec.get("tools", ()))


def _check(switch: Switch) -> None:
    """Raises SwitchRefused when what is given does not make such a reach."""
    tenant, surface, reach = switch.tenant, switch.surface, switch.known_reach
    if not switch.reason.strip():
        raise SwitchRefused("Say why; launches that are refused will show it.")
    if (reach in NAMED) != bool(switch.name):
        raise SwitchRefused(f"Name the {reach}." if reach in NAMED else f"A switch for {reach} takes no name.")
    if (reach == "surface") != (surface is not None):
        raise SwitchRefused("Say which surface." if surface is None else f"A switch for {reach} takes no surface.")
    if reach == "everything" and tenant is not None:
        raise SwitchRefused("Everything is more than one tenant.")
    if reach in ("tenant", "surface") and tenant is None:
        raise SwitchRefused("Say which tenant.")
    if surface is not None and tenant is not None and surface.tenant_id != tenant.pk:
        raise SwitchRefused(f"{surface.slug} is not a surface of {tenant.slug}.")


def _hold_launches_still(tenant: Tenant | None) -> None:
    """A launch holds its tenant's tiers still: it has committed and is killed, or it begins after and is refused."""
    tenant_ids = [tenant.pk] if tenant else list(Tenant.objects.order_by("pk").values_list("pk", flat=True))
    for tenant_id in tenant_ids:
        lock_tiers(tenant_id)


def _refuse_second(switch: Switch) -> None:
    same = Switch.objects.on().filter(
        reach=switch.reach, tenant=switch.tenant, surface=switch.surface, name=switch.name
    )
    first = same.select_related("tenant", "surface").first()
    if first is not None:
        raise SwitchRefused(refusal(first))


def _versions_with(tool: str, live: QuerySet[Run]) -> list[int]:
    """In Python, since only one of the databases can look for it in the stored spec; live versions are few."""
    versions = AgentVersion.objects.filter(pk__in=live.values("version_id"))
    return [version.pk for version in versions if tool in tool_names(version)]


def _note(switch: Switch, verb: str, actor: str, reason: str, after: dict[str, object] | None = None) -> None:
    actions.note(actor=actor, verb=verb, target=switch.words, tenant=switch.tenant, reason=plain(reason), after=after)
