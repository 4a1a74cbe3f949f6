"""What a file or a database says: the same shape for both, so that they can be compared and written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from pydantic import JsonValue

from agents.config.faults import Path
from agents.contracts.specs import AgentSpec, ToolSpec
from budgets.pricing import Rates
from budgets.tier_settings import Level

Section = Literal["tenants", "surfaces", "tiers", "prices", "tools", "agents"]
SECTIONS: tuple[Section, ...] = ("tenants", "surfaces", "tiers", "prices", "tools", "agents")
OF_A_TENANT: tuple[Section, ...] = ("tenants", "surfaces", "tiers")

EVERYWHERE = "all surfaces"
"""Where a tenant's own tier stands; with its blank, no surface can have this name."""

OPERATOR = "operator"
"""The usual source of a price."""

Settings = Mapping[str, JsonValue]
"""What a tier sets, as it is stored: amounts in nano-USD."""


class SurfaceKey(NamedTuple):
    """A surface of a tenant, by their slugs."""

    tenant: str
    surface: str

    @property
    def path(self) -> Path:
        """Where it stands in a file."""
        return "surfaces", self.tenant, self.surface


class TierKey(NamedTuple):
    """For whom a tier is; `surface` and `user` are empty where it is for all."""

    tenant: str
    surface: str = ""
    user: str = ""

    @property
    def path(self) -> Path:
        """Where it stands in a file."""
        place = "tiers", self.tenant, self.surface or EVERYWHERE
        return (*place, "users", self.user) if self.user else place

    @property
    def level(self) -> Level:
        """How specific it is."""
        if not self.surface:
            return "user" if self.user else "tenant"
        return "surface_user" if self.user else "surface"

    @property
    def covering(self) -> "tuple[TierKey, ...]":
        """The tiers that may say something where this one does, general to specific, itself last."""
        wider = [TierKey(self.tenant, surface, user) for user in ("", self.user) for surface in ("", self.surface)]
        return (*dict.fromkeys(wider),)


class PriceKey(NamedTuple):
    """A version of the price of an LLM ("vendor:name") or a tool."""

    name: str
    effective_from: datetime

    @property
    def path(self) -> Path:
        """How people are told of it; in a file the versions are numbered."""
        return "prices", f"{self.name} from {shown_instant(self.effective_from)}"


@dataclass(frozen=True, slots=True)
class TenantFacts:
    """What a tenant is called, and where its days begin."""

    name: str
    timezone: str


@dataclass(frozen=True, slots=True)
class Price:
    """One version of a price; without rates the public list holds again."""

    rates: Rates | None
    source: str = OPERATOR
    note: str = ""


@dataclass(frozen=True, slots=True)
class AgentContent:
    """An agent without its tools, and the keys of those among the tools."""

    spec: AgentSpec
    tools: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Everything that config as code covers; `sections` are those that it speaks of at all."""

    sections: frozenset[Section]
    tenants: Mapping[str, TenantFacts] = field(default_factory=dict)
    surfaces: Mapping[SurfaceKey, str] = field(default_factory=dict)
    tiers: Mapping[TierKey, Settings] = field(default_factory=dict)
    prices: Mapping[PriceKey, Price] = field(default_factory=dict)
    tools: Mapping[str, ToolSpec] = field(default_factory=dict)
    agents: Mapping[str, AgentContent] = field(default_factory=dict)


def shown_instant(at: datetime) -> str:
    """2026-11-22 for its first midnight in UTC, else with the time; as a file has it."""
    utc = at.astimezone(UTC)
    text = utc.isoformat().replace("+00:00", "Z")
    return text.removesuffix("T00:00:00Z")
