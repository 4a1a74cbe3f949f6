"""First-use data: two tenants with three surfaces each, and prices for the rehearsal LLMs."""

from datetime import UTC, datetime

from django.db import transaction

from budgets.models import PriceOverride, Surface, Tenant, Tier
from budgets.money import parse_usd
from budgets.prices import set_price
from budgets.pricing import Rates
from budgets.tiers import Limits

TENANTS = {"acme": "Acme", "globex": "Globex"}

SURFACES = {"internal-batch": "Internal batch", "free-chat": "Free chat", "enterprise": "Enterprise"}

USER_DAY_NANOS = parse_usd("5.00")

TIERS = {
    "internal-batch": Limits(
        run_nanos=parse_usd("5.00"),
        user_day_nanos=USER_DAY_NANOS,
        max_turns=80,
        max_seconds=3600,
        parallel_runs=50,
        launches_per_minute=120,
    ),
    "free-chat": Limits(
        run_nanos=parse_usd("0.10"),
        user_day_nanos=USER_DAY_NANOS,
        max_turns=20,
        max_seconds=300,
        parallel_runs=20,
        launches_per_minute=60,
    ),
    "enterprise": Limits(
        run_nanos=parse_usd("2.00"),
        user_day_nanos=USER_DAY_NANOS,
        max_turns=40,
        max_seconds=900,
        parallel_runs=50,
        launches_per_minute=120,
        at_cap="pause",
    ),
}

REHEARSAL_LLMS = (
    "rehearsal:support-triage",
    "rehearsal:document-analysis",
    "rehearsal:content-generation",
    "rehearsal:search",
    "rehearsal:summary",
)
REHEARSAL_RATES = Rates.flat(input=parse_usd("2.00"), output=parse_usd("8.00"))
REHEARSAL_SOURCE = "rehearsal list"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def seed_first_use() -> None:
    """Adds what is missing and changes nothing that is there: running it again keeps an operator's edits."""
    with transaction.atomic():
        for slug, name in TENANTS.items():
            tenant, _ = Tenant.objects.get_or_create(slug=slug, defaults={"name": name})
            for surface_slug, limits in TIERS.items():
                _seed_surface(tenant, surface_slug, limits)
        for llm in REHEARSAL_LLMS:
            _seed_price(llm)


def _seed_surface(tenant: Tenant, slug: str, limits: Limits) -> None:
    surface, _ = Surface.objects.get_or_create(tenant=tenant, slug=slug, defaults={"name": SURFACES[slug]})
    Tier.objects.get_or_create(
        surface=surface,
        user="",
        defaults={
            "run_nanos": limits.run_nanos,
            "user_day_nanos": limits.user_day_nanos,
            "max_turns": limits.max_turns,
            "max_seconds": limits.max_seconds,
            "parallel_runs": limits.parallel_runs,
            "launches_per_minute": limits.launches_per_minute,
            "at_cap": limits.at_cap,
        },
    )


def _seed_price(llm: str) -> None:
    if not PriceOverride.objects.for_llm(llm).exists():
        set_price(
            llm=llm,
            rates=REHEARSAL_RATES,
            effective_from=LONG_AGO,
            created_by="first use",
            source=REHEARSAL_SOURCE,
            note="Not a vendor's price: for practising budgets without a key.",
        )
