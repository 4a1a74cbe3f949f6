"""Tenants and surfaces are made, renamed and moved by verbs that refuse what cannot be."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from budgets.ledger import verify
from budgets.models import Account, Surface, Tenant
from budgets.periods import day_window, month_window, zone
from budgets.tenants import TenantRefused, make_surface, make_tenant, move_tenant, rename_surface, rename_tenant
from budgets.tiers import Limits
from tests.budgets.conftest import USD, Till

pytestmark = pytest.mark.django_db


def test_a_tenant_and_a_surface_are_made_and_renamed() -> None:
    tenant = make_tenant(slug="initech", name=" Initech ", timezone="America/Chicago")
    surface = make_surface(tenant=tenant, slug="web", name="Web")
    rename_tenant(tenant=tenant, name="Initech Inc.")
    rename_surface(surface=surface, name="Web shop")
    assert Tenant.objects.values_list("slug", "name", "timezone").get() == (
        "initech",
        "Initech Inc.",
        "America/Chicago",
    )
    assert Surface.objects.values_list("slug", "name").get() == ("web", "Web shop")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"slug": "in itech"}, "slug"),
        ({"slug": ""}, "slug"),
        ({"slug": "x" * 61}, "slug"),
        ({"slug": "acme"}, "slug"),
        ({"name": " "}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"timezone": ""}, "timezone"),
        ({"timezone": "../UTC"}, "timezone"),
    ],
)
def test_what_cannot_be_a_tenant_is_refused_at_its_field(given: dict[str, str], field: str) -> None:
    make_tenant(slug="acme", name="Acme", timezone="UTC")
    with pytest.raises(TenantRefused) as refused:
        make_tenant(**{"slug": "new", "name": "New", "timezone": "UTC", **given})
    assert refused.value.field == field
    assert Tenant.objects.count() == 1


def test_a_surface_exists_once_in_a_tenant() -> None:
    acme, globex = (make_tenant(slug=slug, name=slug, timezone="UTC") for slug in ("acme", "globex"))
    make_surface(tenant=acme, slug="web", name="Web")
    make_surface(tenant=globex, slug="web", name="Web")
    with pytest.raises(TenantRefused, match="acme has a surface web already"):
        make_surface(tenant=acme, slug="web", name="Again")


@pytest.mark.parametrize("there", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "America/St_Johns"])
def test_open_windows_end_as_they_do_in_the_new_zone(till: Till, there: str) -> None:
    at = now()
    till.accounts(Limits(run_nanos=USD, user_day_nanos=USD), at=at)
    move_tenant(tenant=till.tenant, timezone=there)
    moved = till.accounts(Limits(run_nanos=USD, user_day_nanos=USD), at=at)
    found = Account.objects.in_bulk(moved.ids)
    day, month = day_window(at, zone(there)), month_window(at, zone(there))
    ends = {found[pk].scope: found[pk].window_end_at for pk in moved.ids if found[pk].window}
    assert ends == {
        "user_day": day.end_at,
        "surface_day": day.end_at,
        "tenant_day": day.end_at,
        "tenant_month": month.end_at,
    }
    assert at + timedelta(0) < moved.valid_until == min(day.end_at, month.end_at)
    assert verify() is None
