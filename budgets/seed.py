"""First-use data: two tenants with three surfaces each, and prices for the rehearsal LLMs."""

from collections.abc import Mapping
from datetime import UTC, datetime

from django.db import transaction

from budgets.models import PriceOverride, Surface, Tenant, Tier
from budgets.money import parse_usd
from budgets.prices import set_price
from budgets.pricing import Rates
from budgets.tenants import make_tenant
from budgets.tier_edits import Change, edit_tier

FIRST_USE = "first use"

TENANTS = {"acme": "Acme", "globex": "Globex"}

SURFACES = {"internal-batch": "Internal batch", "free-chat": "Free chat", "enterprise": "Enterprise"}

TENANT_SETTINGS = {"user_day_nanos": parse_usd("5.00")}

SURFACE_SETTINGS: dict[str, dict[str, int | str]] = {
    "internal-batch": {
        "run_nanos": parse_usd("5.00"),
        "max_turns": 80,
        "max_seconds": 3600,
        "parallel_runs": 50,
        "launches_per_minute": 120,
    },
    "free-chat": {
        "run_nanos": parse_usd("0.10"),
        "max_turns": 20,
        "max_seconds": 300,
        "parallel_runs": 20,
        "launches_per_minute": 60,
    },
    "enterprise": {
        "run_nanos": parse_usd("2.00"),
        "max_turns": 40,
        "max_seconds": 900,
        "parallel_runs": 50,
        "launches_per_minute": 120,
        "at_cap": "pause",
    },
}

REHEARSAL_LLMS = (
    "rehearsal:support-triage",
    "rehearsal:document-analysis",
    "rehearsal:content-generation",
    "rehearsal:search",
    "rehearsal:summary",
    "rehearsal:grade",
)
REHEARSAL_RATES = Rates.flat(input=parse_usd("2.00"), output=parse_usd("8.00"))
REHEARSAL_SOURCE = "rehearsal list"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def seed_first_use() -> None:
    """Adds what is missing and changes nothing that is there: running it again keeps an operator's edits."""
    with transaction.atomic():
        for slug, name in TENANTS.items():
            seed_tenant(slug, name)
        for llm in REHEARSAL_LLMS:
            _seed_price(llm)


def open_tenant(*, slug: str, name: str, timezone: str, actor: str) -> Tenant:
    """A new tenant in which things may run at once: with the surfaces and limits of a first start.

    Raises `TenantRefused`.
    """
    with transaction.atomic():
        make_tenant(slug=slug, name=name, timezone=timezone, actor=actor)
        return seed_tenant(slug, name)


def seed_tenant(slug: str, name: str) -> Tenant:
    """A tenant with the usual surfaces and their limits; of what is there nothing is changed."""
    tenant, _ = Tenant.objects.get_or_create(slug=slug, defaults={"name": name})
    _seed_tier(tenant, None, TENANT_SETTINGS)
    for surface_slug, settings in SURFACE_SETTINGS.items():
        found = {"name": SURFACES[surface_slug]}
        surface, _ = Surface.objects.get_or_create(tenant=tenant, slug=surface_slug, defaults=found)
        _seed_tier(tenant, surface, settings)
    return tenant


def _seed_tier(tenant: Tenant, surface: Surface | None, settings: Mapping[str, int | str]) -> None:
    if not Tier.objects.filter(tenant=tenant, surface=surface, user="").exists():
        change = Change(changes=settings, reason="The limits of a first start.", actor=FIRST_USE, made_from=FIRST_USE)
        edit_tier(tenant=tenant, surface=surface, user="", change=change)


def _seed_price(llm: str) -> None:
    if not PriceOverride.objects.for_llm(llm).exists():
        set_price(
            llm=llm,
            rates=REHEARSAL_RATES,
            effective_from=LONG_AGO,
            created_by=FIRST_USE,
            source=REHEARSAL_SOURCE,
            note="Not a vendor's price: for practising budgets without a key.",
        )
