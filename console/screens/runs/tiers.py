"""The tier that a run's limits come from, by the name people filter with.

``free-chat`` is a surface's tier, ``mara@free-chat`` that of a user there, ``mara@*`` that of a user everywhere, and
``*`` the tenant's own, which holds where the surface has none.
"""

from collections.abc import Iterable
from functools import reduce
from operator import or_

from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Concat

from agents.models import Run
from budgets.models import Tier

_OF_RUN = Tier.objects.filter(tenant=OuterRef("tenant"))
_OF_USER = _OF_RUN.filter(user=OuterRef("user")).exclude(user="")
OWN_HERE = Exists(_OF_USER.filter(surface=OuterRef("surface")))
OWN_EVERYWHERE = Exists(_OF_USER.filter(surface=None))
OF_SURFACE = Exists(_OF_RUN.filter(surface=OuterRef("surface"), user=""))
EVERYWHERE = "*"


def tier_name() -> Case:
    """The name of a run's tier, for an annotation: the most specific one that covers it."""
    return Case(
        When(OWN_HERE, then=Concat("user", Value("@"), "surface__slug", output_field=CharField())),
        When(OWN_EVERYWHERE, then=Concat("user", Value("@*"))),
        When(OF_SURFACE, then="surface__slug"),
        default=Value(EVERYWHERE),
        output_field=CharField(),
    )


def in_tiers(runs: QuerySet[Run], names: Iterable[str]) -> QuerySet[Run]:
    """Runs whose most specific tier has one of these names."""
    return runs.filter(any_of(_in_tier(name) for name in names))


def any_of(conditions: Iterable[Q]) -> Q:
    """Where one of them holds; there must be one."""
    return reduce(or_, conditions)


def _in_tier(name: str) -> Q:
    user, at, surface = name.rpartition("@")
    if at and surface == EVERYWHERE:
        return Q(OWN_EVERYWHERE, user=user) & ~Q(OWN_HERE)
    if at:
        return Q(OWN_HERE, user=user, surface__slug=surface)
    nobody = ~Q(OWN_HERE) & ~Q(OWN_EVERYWHERE)
    return nobody & (~Q(OF_SURFACE) if name == EVERYWHERE else Q(OF_SURFACE, surface__slug=name))
