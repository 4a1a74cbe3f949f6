"""Whose tier a page is about: the tenant's, a surface's, or a user's, everywhere or on one surface."""

from dataclasses import dataclass

from django.http import Http404, QueryDict
from django.urls import reverse
from django.utils.http import urlencode

from budgets.models import Surface, Tenant, Tier
from budgets.tier_edits import find_tier
from budgets.tier_settings import Level, SettingRefused


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tier stands, whether or not it is stored yet."""

    tier: Tier

    @property
    def tenant(self) -> Tenant:
        """Whose money it is."""
        return self.tier.tenant

    @property
    def surface(self) -> Surface | None:
        """None for all of them."""
        return self.tier.surface

    @property
    def user(self) -> str:
        """Empty for everybody."""
        return self.tier.user

    @property
    def level(self) -> Level:
        """How specific it is."""
        return self.tier.level

    @property
    def name(self) -> str:
        """Its name in a sentence: "Acme", "Free chat", "alice on Free chat"."""
        if not self.user:
            return self.surface.name if self.surface else self.tenant.name
        return f"{self.user} on {self.surface.name}" if self.surface else f"{self.user}, everywhere"

    @property
    def query(self) -> str:
        """What names it in an address, with the question mark; empty for the tenant's."""
        given = {"surface": self.surface.slug if self.surface else "", "user": self.user}
        words = urlencode({name: value for name, value in given.items() if value})
        return f"?{words}" if words else ""

    def href(self, route: str) -> str:
        """The address of one of its pages."""
        return reverse(f"tiers:{route}", args=[self.tenant.slug]) + self.query


def place_in(tenant: Tenant, query: QueryDict) -> Place:
    """The place that an address names; Http404 for a surface that is not there and a user that cannot be."""
    slug = query.get("surface", "")
    surface = Surface.objects.for_tenant(tenant).filter(slug=slug).first() if slug else None
    if slug and surface is None:
        raise Http404
    try:
        return Place(find_tier(tenant=tenant, surface=surface, user=query.get("user", "")))
    except SettingRefused as refused:
        raise Http404 from refused
