"""The house in which a told day happens: tenants, people, prices and limits that such a day comes near to."""

from datetime import datetime, timedelta

from agents.library.catalogue import bundled
from agents.library.sync import apply_version, sync_library
from agents.models import AgentVersion
from budgets.models import PriceOverride, Surface, Tenant
from budgets.money import parse_usd
from budgets.prices import set_price
from budgets.pricing import Rates
from budgets.seed import seed_first_use, seed_tenant
from budgets.tier_edits import Change, edit_tier
from console.access.policy import Role
from console.access.seed import seed_member, seed_people

TELLER = "a told day"
TENANTS = {"acme": "Acme", "globex": "Globex", "northlight": "Northlight", "quarry": "Quarry"}
ROLES: tuple[Role, ...] = ("viewer", "operator", "approver", "admin")
DEAR = Rates.flat(input=parse_usd("15.00"), output=parse_usd("25.00"))
"""A million tokens, as of a large LLM: the rehearsal's own prices are too low to come near any limit."""
PRICED = ("support-triage", "document-analysis", "content-generation", "search")
TENANT_DAYS = {"acme": "8.00", "globex": "5.00", "northlight": "3.00", "quarry": "2.00"}
SURFACE_DAYS = {"enterprise": "5.00", "internal-batch": "3.00", "free-chat": "1.50"}
LETTERS = "support-letters"
SMALL_USER = "trial-7731"
"""Somebody with a limit of their own, which a single case can meet."""


def furnish(*, since: datetime) -> None:
    """Make what the day needs; of what is there only limits and prices are set anew."""
    seed_first_use()
    seed_people()
    sync_library()
    for slug, name in TENANTS.items():
        tenant = seed_tenant(slug, name)
        for role in ROLES:
            seed_member(f"{slug}_{role}", tenant, role)
        _limit(tenant, None, tenant_day_nanos=parse_usd(TENANT_DAYS[slug]), tenant_month_nanos=parse_usd("900.00"))
    acme = Tenant.objects.get(slug="acme")
    for slug, usd in SURFACE_DAYS.items():
        _limit(acme, Surface.objects.get(tenant=acme, slug=slug), surface_day_nanos=parse_usd(usd))
    enterprise = Surface.objects.get(tenant=acme, slug="enterprise")
    _limit(acme, enterprise, user=SMALL_USER, run_nanos=parse_usd("0.02"))
    for name in PRICED:
        _price(f"rehearsal:{name}", since)
    _add_letters()
    # Agents are older than what they do on this day; those of a house that was there before are that anyhow.
    AgentVersion.objects.filter(number=1, created_at__gt=since).update(created_at=since)


def _add_letters() -> None:
    """The support desk with an old mail service, which cannot tell one letter sent twice from two."""
    spec = next(each for each in bundled() if each.name == "support-triage")
    tools = tuple(
        tool.model_copy(update={"effect": "unkeyed"} if tool.name == "send_email" else {}) for tool in spec.tools
    )
    own = spec.model_copy(update={"name": LETTERS, "title": "Support letters", "tools": tools})
    apply_version(spec=own, actor="admin", reason="Letters go through the old mail service.", origin="screen")


def _limit(tenant: Tenant, surface: Surface | None, *, user: str = "", **changes: int) -> None:
    change = Change(changes=changes, reason="Limits for the day.", actor=f"{tenant.slug}_admin", made_from=TELLER)
    edit_tier(tenant=tenant, surface=surface, user=user, change=change)


def _price(llm: str, since: datetime) -> None:
    if PriceOverride.objects.for_llm(llm).filter(created_by=TELLER).exists():
        return
    set_price(
        llm=llm,
        rates=DEAR,
        effective_from=since - timedelta(days=1),
        created_by=TELLER,
        source="rehearsal list",
        note="As dear as a large LLM, so that budgets have something to do.",
    )
