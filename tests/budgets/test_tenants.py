"""Tenants and surfaces are made and renamed by verbs that refuse what cannot be."""

import pytest

from budgets.models import Surface, Tenant
from budgets.tenants import TenantRefused, make_surface, make_tenant, rename_surface, rename_tenant

pytestmark = pytest.mark.django_db


def test_a_tenant_and_a_surface_are_made_and_renamed() -> None:
    tenant = make_tenant(slug="initech", name=" Initech ", timezone="America/Chicago", actor="ada")
    surface = make_surface(tenant=tenant, slug="web", name="Web", actor="ada")
    rename_tenant(tenant=tenant, name="Initech Inc.", actor="ada")
    rename_surface(surface=surface, name="Web shop", actor="ada")
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
    make_tenant(slug="acme", name="Acme", timezone="UTC", actor="ada")
    with pytest.raises(TenantRefused) as refused:
        make_tenant(**{"slug": "new", "name": "New", "timezone": "UTC", "actor": "ada", **given})
    assert refused.value.field == field
    assert Tenant.objects.count() == 1


def test_a_surface_exists_once_in_a_tenant() -> None:
    acme, globex = (make_tenant(slug=slug, name=slug, timezone="UTC", actor="ada") for slug in ("acme", "globex"))
    make_surface(tenant=acme, slug="web", name="Web", actor="ada")
    make_surface(tenant=globex, slug="web", name="Web", actor="ada")
    with pytest.raises(TenantRefused, match="acme has a surface web already"):
        make_surface(tenant=acme, slug="web", name="Again", actor="ada")
