"""How much in a tenant wants a look, counted at once: what waits for people, alerts that none has seen, and stops."""

from dataclasses import dataclass
from functools import cache

from django.db.models import F, Func, IntegerField, Model, OuterRef, Q, QuerySet, Subquery

from agents.models import Switch
from budgets.models import BudgetAlert, Tenant
from console.screens.approvals.waiting import waiting_of
from console.screens.prepared import TENANT, Prepared, prepared


@dataclass(frozen=True, slots=True)
class Attention:
    """So many approvals are open, effects unknown, budget alerts unseen, and stops standing."""

    asked: int
    unknown: int
    alerts: int
    stops: int


def attention_of(tenant: Tenant) -> Attention:
    """One query."""
    (counts,) = _attention().ask(tenant=tenant.pk)
    return Attention(*counts)


def counted_attention() -> tuple[Subquery, Subquery, Subquery, Subquery]:
    """The same in their order, for a query over tenants."""
    asked, unknown = waiting_of(OuterRef("pk"))
    alerts = BudgetAlert.objects.filter(account__tenant=OuterRef("pk"), seen_at=None)
    stops = Switch.objects.filter(Q(tenant=OuterRef("pk")) | Q(tenant=None), lifted_at=None)
    return _counted(asked), _counted(unknown), _counted(alerts), _counted(stops)


@cache
def _attention() -> Prepared:
    return prepared(Tenant.objects.filter(pk=TENANT).order_by().values_list(*counted_attention()))


def _counted(rows: QuerySet[Model]) -> Subquery:
    count = Func(F("pk"), function="COUNT", output_field=IntegerField())
    return Subquery(rows.order_by().annotate(counted=count).values("counted"))
