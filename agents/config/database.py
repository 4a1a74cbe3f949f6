"""Reads what the database holds into the shape that a file has."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import rfc8785

from agents.config.content import (
    OF_A_TENANT,
    SECTIONS,
    AgentContent,
    Content,
    Price,
    PriceKey,
    Section,
    Settings,
    SurfaceKey,
    TenantFacts,
    TierKey,
)
from agents.contracts.specs import AgentSpec, ToolSpec
from agents.models import Agent
from budgets.models import PriceOverride, Surface, Tenant, Tier, TierEdit
from budgets.tier_edits import added_up


class Setting(NamedTuple):
    """One setting of one tier, under its stored name."""

    tier: TierKey
    name: str


@dataclass(frozen=True, slots=True)
class Present:
    """The database's content, as it is meant to last, beside what holds for a while.

    `now` is what each tier sets at the moment; `passing` are the settings that an edit which expires has changed,
    and when it does. Such an edit is an exception that somebody made on purpose, and no part of a file.
    """

    content: Content
    now: Mapping[TierKey, Settings]
    passing: Mapping[Setting, datetime]


def read_database(*, tenant: str = "", only: Iterable[Section] = ()) -> Present:
    """Everything, or one tenant's part, or some sections."""
    sections = frozenset(only or (OF_A_TENANT if tenant else SECTIONS))
    tenants = Tenant.objects.order_by("slug")
    if tenant:
        tenants = tenants.named(tenant)
    tiers = _tiers(list(tenants))
    tools, agents = _agents() if sections & {"tools", "agents"} else ({}, {})
    content = Content(
        sections=sections,
        tenants={row.slug: TenantFacts(row.name, row.timezone) for row in tenants if "tenants" in sections},
        surfaces=_surfaces(list(tenants)) if "surfaces" in sections else {},
        tiers=tiers.lasting if "tiers" in sections else {},
        prices=_prices() if "prices" in sections else {},
        tools=tools if "tools" in sections else {},
        agents=agents if "agents" in sections else {},
    )
    return Present(content, tiers.now, tiers.passing)


def _surfaces(tenants: list[Tenant]) -> dict[SurfaceKey, str]:
    rows = Surface.objects.filter(tenant__in=tenants).order_by("tenant__slug", "slug").select_related("tenant")
    return {SurfaceKey(row.tenant.slug, row.slug): row.name for row in rows}


@dataclass(frozen=True, slots=True)
class _Tiers:
    lasting: dict[TierKey, Settings]
    now: dict[TierKey, Settings]
    passing: dict[Setting, datetime]


def _tiers(tenants: list[Tenant]) -> _Tiers:
    """A tier that sets nothing says nothing, and is left out of what lasts."""
    found = _Tiers({}, {}, {})
    rows = Tier.objects.filter(tenant__in=tenants).select_related("tenant", "surface")
    keys = {row.pk: TierKey(row.tenant.slug, row.surface.slug if row.surface else "", row.user) for row in rows}
    lent = set(
        TierEdit.objects.filter(tier__in=rows, expires_at__isnull=False).standing().values_list("tier_id", flat=True)
    )
    for row in sorted(rows, key=lambda row: keys[row.pk]):
        key = keys[row.pk]
        edits = list(TierEdit.objects.filter(tier=row).standing()) if row.pk in lent else []
        lasting = added_up(edit for edit in edits if edit.expires_at is None) if edits else row.settings
        found.now[key] = row.settings
        found.passing.update({Setting(key, name): until for name, until in _ends(edits).items()})
        if lasting:
            found.lasting[key] = lasting
    return found


def _ends(edits: Iterable[TierEdit]) -> dict[str, datetime]:
    """The settings whose latest edit ends by itself, and when."""
    ends = {name: edit.expires_at for edit in edits for name in (*edit.changes, *edit.unset)}
    return {name: until for name, until in ends.items() if until}


def _prices() -> dict[PriceKey, Price]:
    """The versions that count: of two with one date, the later written."""
    rows = PriceOverride.objects.order_by("llm", "effective_from", "pk")
    return {PriceKey(row.llm, row.effective_from): Price(row.to_rates(), row.source, row.note) for row in rows}


def _agents() -> tuple[dict[str, ToolSpec], dict[str, AgentContent]]:
    """The current versions; a tool that several agents have alike stands there once."""
    tools: dict[str, ToolSpec] = {}
    agents: dict[str, AgentContent] = {}
    rows = Agent.objects.filter(current__isnull=False).select_related("current")
    for agent in sorted(rows, key=lambda row: row.name):  # by code points, whatever the database sorts by
        if agent.current is not None:
            spec = agent.current.to_spec()
            keys = tuple(_key(tool, tools) for tool in spec.tools)
            agents[agent.name] = AgentContent(spec.model_copy(update={"tools": ()}), keys)
    return tools, agents


def _key(tool: ToolSpec, tools: dict[str, ToolSpec]) -> str:
    """The tool's name, numbered on where other agents have another tool of that name; it is added to `tools`."""
    number = 1
    while (key := tool.name if number == 1 else f"{tool.name}-{number}") in tools and not same(tools[key], tool):
        number += 1
    tools[key] = tool
    return key


def same(one: ToolSpec | AgentSpec, other: ToolSpec | AgentSpec) -> bool:
    """Whether two specs are one as canonical JSON; to Python, true would be 1."""
    return rfc8785.dumps(one.model_dump(mode="json")) == rfc8785.dumps(other.model_dump(mode="json"))
