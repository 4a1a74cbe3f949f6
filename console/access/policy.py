"""Which role may do what, as one table, and the two questions every page and socket asks of it."""

from dataclasses import dataclass
from typing import Literal, get_args

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404

from agents.engine.batch import ApproverRole
from agents.models.switch import Reach
from budgets.models import Tenant
from console.models import Membership, User

Role = Literal["viewer", "operator", "approver", "admin"]
Verb = Literal[
    "view",
    "launch",
    "kill",
    "pause",
    "resume",
    "acknowledge",
    "set_switch",
    "set_tenant_switch",
    "set_wide_switch",
    "decide_routine",
    "decide_approval",
    "decide_weighty",
    "resolve_effect",
    "send_again",
    "top_up",
    "edit_budgets",
    "manage_people",
    "set_prices",
    "set_secrets",
    "edit_rules",
    "edit_agents",
    "edit_tools",
    "force_tools",
]

VERBS: frozenset[Verb] = frozenset(get_args(Verb))
OF_THE_PLATFORM: frozenset[Verb] = frozenset(
    {"set_prices", "set_wide_switch", "edit_agents", "edit_tools", "force_tools"}
)
"""Prices, wide switches, agents, tools and their breakers hold for all tenants: no tenant's admin may set them."""

_RUNS: frozenset[Verb] = frozenset(
    {"view", "launch", "kill", "pause", "resume", "acknowledge", "set_switch", "resolve_effect", "decide_routine"}
)

MAY: dict[str, frozenset[Verb]] = {
    "viewer": frozenset({"view"}),
    "operator": _RUNS,
    # To say what has happened sends nothing; to have it sent again may do it twice, as an approval lets it happen.
    "approver": _RUNS | {"decide_approval", "send_again", "top_up"},
    "admin": VERBS - OF_THE_PLATFORM,
}

APPROVES_AS: tuple[tuple[Verb, ApproverRole], ...] = (
    ("decide_routine", "operator"),
    ("decide_approval", "approver"),
    ("decide_weighty", "admin"),
)
"""From the least to the most."""

Person = User | AnonymousUser


@dataclass(frozen=True, slots=True)
class Standing:
    """A person within one tenant: which one, what they may do there, and all the tenants that they may look at."""

    tenant: Tenant
    verbs: frozenset[Verb]
    tenants: tuple[Tenant, ...]
    roles: tuple[tuple[Tenant, frozenset[Verb]], ...] = ()

    def tenants_to(self, verb: Verb) -> list[Tenant]:
        """The tenants in which this person may do this."""
        return [tenant for tenant, verbs in self.roles if verb in verbs]


def tenants_of(user: Person) -> QuerySet[Tenant]:
    """The tenants this person may look at, in the order of their names."""
    if isinstance(user, AnonymousUser) or not user.is_active:
        return Tenant.objects.none()
    if user.is_platform_admin:
        return Tenant.objects.order_by("slug")
    return Tenant.objects.filter(memberships__user=user).order_by("slug")


def may_view(user: Person, tenant_slug: str) -> Tenant | None:
    """The tenant, when it exists and this person may look at it; None tells both cases alike."""
    return tenants_of(user).filter(slug=tenant_slug).first()


def verbs_of(user: Person, tenant: Tenant) -> frozenset[Verb]:
    """Everything this person may do in the tenant; empty for strangers."""
    standing = standing_of(user, tenant.slug)
    return standing.verbs if standing else frozenset()


def may(user: Person, tenant: Tenant, verb: Verb) -> bool:
    """Whether this person may do this in the tenant."""
    return verb in verbs_of(user, tenant)


def require(user: Person, tenant_slug: str, verb: Verb) -> Standing:
    """What this person is in the tenant of that name.

    Raises Http404 for strangers, who shall not learn that it exists, and PermissionDenied for members who
    lack the role.
    """
    standing = standing_of(user, tenant_slug)
    if standing is None or "view" not in standing.verbs:
        raise Http404
    if verb not in standing.verbs:
        raise PermissionDenied(f"Your role in {tenant_slug} does not include this: {verb.replace('_', ' ')}.")
    return standing


def standing_of(user: Person, tenant_slug: str) -> Standing | None:
    """The tenant, what this person may do there, and where else they are, in one query; None for strangers."""
    if isinstance(user, AnonymousUser) or not user.is_active:
        return None
    if user.is_platform_admin:
        roles = [(tenant, VERBS) for tenant in tenants_of(user)]
    else:
        members = Membership.objects.filter(user=user).select_related("tenant").order_by("tenant__slug")
        roles = [(member.tenant, MAY.get(member.role, frozenset())) for member in members]
    tenants = tuple(tenant for tenant, _ in roles)
    found = ((tenant, verbs) for tenant, verbs in roles if tenant.slug == tenant_slug)
    return next((Standing(tenant, verbs, tenants, tuple(roles)) for tenant, verbs in found), None)


def approver_role(verbs: frozenset[Verb]) -> ApproverRole | None:
    """The most that a rule on approvals may ask for and this person still is; None for those who only look."""
    found: ApproverRole | None = None
    for verb, role in APPROVES_AS:
        found = role if verb in verbs else found
    return found


def verb_to_switch(reach: Reach, tenant: Tenant | None) -> Verb:
    """What it takes to set or lift a switch.

    Who sees a fault at night may close the surface, the agent or the tool that has it. A whole tenant is its admins' to
    close, and what reaches more than one tenant the platform's.
    """
    if reach == "everything" or tenant is None:
        return "set_wide_switch"
    return "set_tenant_switch" if reach == "tenant" else "set_switch"
