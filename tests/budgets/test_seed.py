"""What a fresh machine starts with."""

import pytest

from budgets.limits import limits_for
from budgets.models import PriceOverride, Surface, Tenant
from budgets.prices import price_for
from budgets.seed import REHEARSAL_LLMS, seed_first_use
from tests.budgets.conftest import AT, USD
from tests.tier_edit import limit

pytestmark = pytest.mark.django_db


def test_both_tenants_have_three_surfaces_with_their_limits() -> None:
    seed_first_use()
    assert list(Tenant.objects.values_list("slug", flat=True)) == ["acme", "globex"]
    for tenant in Tenant.objects.all():
        surfaces = Surface.objects.for_tenant(tenant)
        tiers = {surface.slug: limits_for(surface=surface, user="") for surface in surfaces}
        assert {slug: limits.run_nanos for slug, limits in tiers.items()} == {
            "internal-batch": 5 * USD,
            "free-chat": USD // 10,
            "enterprise": 2 * USD,
        }
        assert {limits.user_day_nanos for limits in tiers.values()} == {5 * USD}


def test_the_rehearsal_llms_have_a_price() -> None:
    seed_first_use()
    for llm in REHEARSAL_LLMS:
        price = price_for(llm, AT)
        assert price.source == "rehearsal list"
        assert (price.rates.base.input, price.rates.base.output) == (2 * USD, 8 * USD)


def test_seeding_again_keeps_what_an_operator_changed() -> None:
    seed_first_use()
    for surface in Surface.objects.all():
        limit(surface, run_nanos=7)
    Tenant.objects.filter(slug="acme").update(name="Acme Ltd")
    seed_first_use()
    assert {limits_for(surface=surface, user="").run_nanos for surface in Surface.objects.all()} == {7}
    assert Tenant.objects.named("acme").get().name == "Acme Ltd"
    assert (Surface.objects.count(), PriceOverride.objects.count()) == (6, len(REHEARSAL_LLMS))
