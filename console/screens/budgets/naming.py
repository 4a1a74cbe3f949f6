"""What accounts are called on pages, and where one goes from them."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.http import urlencode

from agents.contracts.ids import short_id
from budgets.models import Account, Surface, Tenant, Tier
from budgets.tier_settings import FIELDS, Level, resolve
from budgets.tiers import Scope

SCOPE_WORDS: dict[Scope, str] = {
    "run": "run",
    "session": "session",
    "user_day": "user's day",
    "surface_day": "surface's day",
    "tenant_day": "tenant's day",
    "tenant_month": "tenant's month",
}
LIMIT_FIELDS: dict[Scope, str] = {
    scope: field for scope in SCOPE_WORDS for field in FIELDS if field == f"{scope}_nanos"
}
LEVEL_WORDS: dict[Level, str] = {
    "tenant": "tenant",
    "surface": "surface",
    "user": "user",
    "surface_user": "user here",
}
USUAL_LEVEL: dict[Scope, Level] = {"run": "surface", "session": "surface", "surface_day": "surface"}
"""Where a limit is set that nobody has set yet; the others are the tenant's."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The tier that sets a limit, in a word, and its page; where nobody set one, the tier that would."""

    words: str
    href: str


def subject_of(account: Account) -> str:
    """Whose account it is, without its window; needs the tenant, and the surface where there is one."""
    if account.scope == "run":
        return short_id(account.subject)
    if account.scope == "session":
        return account.subject.partition("/")[2]
    if account.scope == "surface_day":
        return account.surface.name if account.surface else f"surface {account.subject}"
    return account.user or account.subject or account.tenant.name


def title_of(account: Account) -> str:
    """The budget as people say it: "Free chat's day", "Acme's month", "run 7f3a21"."""
    subject, words = subject_of(account), SCOPE_WORDS[account.known_scope]
    if account.window:
        return f"{subject}'s {words.rpartition(' ')[2]}"
    return f"{words} {subject}"


def tiers_href(tenant: Tenant, surface: Surface | None = None, user: str = "") -> str:
    """The page of the tier that belongs to a tenant, one of its surfaces, or one user there."""
    chosen = {"surface": surface.slug if surface else "", "user": user}
    query = urlencode({name: value for name, value in chosen.items() if value})
    return reverse("budgets:list", args=[tenant.slug]) + "tiers/" + (f"?{query}" if query else "")


def origin_of(scope: Scope, tiers: list[Tier], tenant: Tenant, surface: Surface | None, user: str) -> Origin:
    """The origin of a scope's limit, given all tiers that cover this user on this surface."""
    level = resolve(tiers)[LIMIT_FIELDS[scope]].level
    place = level or USUAL_LEVEL.get(scope, "tenant")
    href = tiers_href(
        tenant,
        surface if place in ("surface", "surface_user") else None,
        user if place in ("user", "surface_user") else "",
    )
    return Origin(LEVEL_WORDS[level] if level else "nobody", href)


def covering(tiers: list[Tier], surface_id: int | None, user: str) -> list[Tier]:
    """Those of a tenant's tiers that say something about this user on this surface, or without one."""
    surfaces = {None, surface_id}
    return [tier for tier in tiers if tier.surface_id in surfaces and tier.user in ("", user)]
