"""The stops that stand and those that were lifted, as the pages of a tenant show them."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from agents.contracts.endings import TERMINAL
from agents.models import KillOrder, Run, Switch
from budgets.models import Tenant
from console.access.policy import Verb
from console.screens.stops.scopes import may_switch, words_of

PAGE_ROWS = 50
LIFTED_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Stop:
    """A standing stop in words, and whether the person who looks may lift it."""

    switch: Switch
    words: str
    may_lift: bool


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A kill order with what of it is this tenant's: its runs, those that have not stopped, and what all cost."""

    order: KillOrder
    found: int
    going: int
    cost_nanos: int

    @property
    def words(self) -> str:
        return scope_words(self.order)


@dataclass(frozen=True, slots=True)
class OrdersPage:
    """One page of kill orders."""

    page: "Page[KillOrder]"
    lines: Sequence[OrderLine]


def switches_of(tenant: Tenant) -> QuerySet[Switch]:
    """Those that reach something of this tenant, standing or lifted."""
    return Switch.objects.filter(Q(tenant=tenant) | Q(tenant=None)).select_related("tenant", "surface", "order")


def standing_stops(tenant: Tenant, verbs: frozenset[Verb]) -> list[Stop]:
    """The stops that stand, the newest first; one query."""
    on = switches_of(tenant).filter(lifted_at=None).order_by("-set_at", "-pk")
    return [Stop(switch, words_of(switch), may_switch(switch, verbs)) for switch in on]


def scope_words(order: KillOrder) -> str:
    """Which runs an order meant."""
    scope = order.scope.removeprefix("switch: ")
    return scope if scope == order.scope else f"stop of {scope}"


def standing_twin(switch: Switch) -> Switch | None:
    """The stop that stands already where this one, which is not saved, would be set."""
    same = Switch.objects.on().filter(reach=switch.reach, tenant=switch.tenant, surface=switch.surface)
    return same.filter(name=switch.name).first()


def find_switch(tenant: Tenant, switch_id: int) -> Switch | None:
    """The stop, if it reaches something of this tenant."""
    return switches_of(tenant).filter(pk=switch_id).first()


def lifted_stops(tenant: Tenant) -> list[Stop]:
    """The last ones that were lifted, the newest first; nobody can lift them again."""
    off = switches_of(tenant).exclude(lifted_at=None).order_by("-lifted_at", "-pk")[:LIFTED_SHOWN]
    return [Stop(switch, words_of(switch), may_lift=False) for switch in off]


def orders_page(*, tenant: Tenant, number: str | int) -> OrdersPage:
    """Kill orders that hit runs of this tenant, the newest first; three queries."""
    own = Q(runs__tenant=tenant)
    hit = Exists(Run.objects.filter(kill_order=OuterRef("pk"), tenant=tenant))
    of_tenant = Q(tenant=tenant, runs_count__gt=0) | Q(hit, tenant=None)
    orders = KillOrder.objects.filter(of_tenant).order_by("-requested_at", "-pk")
    page = Paginator(orders, PAGE_ROWS).get_page(number)
    counted = orders.filter(pk__in=[order.pk for order in page.object_list]).annotate(
        found=Count("runs", filter=own),
        going=Count("runs", filter=own & ~Q(runs__state__in=TERMINAL)),
        cost_nanos=Coalesce(Sum("runs__cost_nanos", filter=own), 0),
    )
    return OrdersPage(page, [OrderLine(each, each.found, each.going, each.cost_nanos) for each in counted])
