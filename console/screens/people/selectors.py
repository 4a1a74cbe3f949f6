"""The people of a tenant as its page shows them, and what stands to end with one of them."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.sessions.models import Session
from django.db.models import Count, Exists, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from agents.models import Run
from budgets.models import Tenant
from console.access.people import elsewhere_for
from console.models import ApiToken, Membership, SignedIn, User, WallLink


@dataclass(frozen=True, slots=True)
class Ties:
    """What a member has going on in a tenant."""

    live_runs: int
    tokens: int
    walls: int


def people_of(tenant: Tenant) -> QuerySet[Membership]:
    """The members of a tenant by name."""
    return Membership.objects.filter(tenant=tenant).select_related("user").order_by("user__username")


def with_ways_in(people: QuerySet[Membership], *, tenant: Tenant, actor: User, now: datetime) -> QuerySet[Membership]:
    """Each with ``session_count``, ``token_count`` for this tenant, and ``is_elsewhere``: beyond the actor's reach."""
    going_on = Session.objects.filter(session_key=OuterRef("session_key"), expire_date__gt=now)
    sessions = SignedIn.objects.filter(Exists(going_on), user=OuterRef("user"))
    tokens = good_tokens(tenant, now).filter(user=OuterRef("user"))
    elsewhere = Membership.objects.none() if actor.is_platform_admin else elsewhere_for(actor)
    return people.annotate(
        session_count=_count(sessions),
        token_count=_count(tokens),
        is_elsewhere=Exists(elsewhere.filter(user=OuterRef("user"))),
    )


def good_tokens(tenant: Tenant, now: datetime) -> QuerySet[ApiToken]:
    """Tokens for a tenant that open something."""
    return ApiToken.objects.filter(tenant=tenant, revoked_at=None, expires_at__gt=now)


def ties_of(member: Membership, now: datetime) -> Ties:
    """Three counts, each by an index of the tenant's or the person's."""
    name = member.user.get_username()
    return Ties(
        live_runs=Run.objects.of_tenant(member.tenant).live().filter(launched_by=name).count(),
        tokens=good_tokens(member.tenant, now).filter(user=member.user).count(),
        walls=WallLink.objects.filter(tenant=member.tenant, made_by=name, revoked_at=None).count(),
    )


def _count(rows: "QuerySet[SignedIn] | QuerySet[ApiToken]") -> Coalesce:
    counted = rows.order_by().values("user").annotate(rows=Count("pk")).values("rows")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)
