"""What waits for a person in a tenant: open approvals and effects of unknown outcome."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from pydantic import JsonValue

from agents.approvals.looking import STILL_THERE
from agents.contracts.base import JsonObject
from agents.contracts.endings import TERMINAL
from agents.models import Approval, ApprovalLook, Effect, Run
from budgets.models import Tenant
from console.screens.approvals.amounts import amount_in
from console.screens.prepared import Given

MOST_SHOWN = 100
DECIDED_SHOWN = 20
DECIDED_WITHIN = timedelta(days=7)
PREVIEW_CHARACTERS = 160
WIDE = ("run__task", "run__answer")


@dataclass(frozen=True, slots=True)
class Waiting:
    """An open approval as a row of the queue."""

    approval: Approval
    amount: str
    yeses: int
    lookers: Sequence[str]
    in_short: str


def open_in(*tenants: Tenant | Given) -> QuerySet[Approval]:
    """Those that a word would still change something for; a run that has ended waits for nothing."""
    whose = Q(run__tenant=tenants[0]) if len(tenants) == 1 else Q(run__tenant__in=tenants)
    live = Approval.objects.filter(whose, run__kill_requested_at=None, decision="", expires_at__gt=Now())
    return live.exclude(run__state__in=TERMINAL)


def waiting_of(tenant: OuterRef) -> tuple[QuerySet[Approval], QuerySet[Effect]]:
    """Open approvals and unknown effects, for a query over tenants."""
    approvals = Approval.objects.filter(
        run__tenant=tenant, run__kill_requested_at=None, decision="", expires_at__gt=Now()
    ).exclude(run__state__in=TERMINAL)
    return approvals, Effect.objects.filter(run__tenant=tenant, state="unknown")


def queue_of(tenant: Tenant, *, viewer: str) -> list[Waiting]:
    """What waits, the most urgent first: that which denies itself soonest; two queries."""
    agreed = Count("votes", filter=Q(votes__approve=True) & _of_present_arguments())
    rows = open_in(tenant).select_related("run", "rule").annotate(yeses=agreed)
    found = list(rows.order_by("expires_at", "requested_at", "pk")[:MOST_SHOWN])
    looking = _looking([approval.pk for approval in found], but=viewer)
    return [
        Waiting(
            approval=approval,
            amount=amount_in(_present(approval)),
            yeses=approval.yeses,
            lookers=looking.get(approval.pk, ()),
            in_short=in_short(_present(approval)),
        )
        for approval in found
    ]


def decided_in(tenant: Tenant, *, now: datetime) -> list[Approval]:
    """The last ones that were decided or ran out, the newest first."""
    # As a condition on an approval: over a join SQLite would begin with all runs of the tenant.
    of_tenant = Exists(Run.objects.filter(pk=OuterRef("run"), tenant=tenant))
    rows = Approval.objects.filter(of_tenant, decided_at__gte=now - DECIDED_WITHIN).exclude(decision="")
    return list(rows.select_related("run").defer(*WIDE).order_by("-decided_at", "-pk")[:DECIDED_SHOWN])


def in_short(arguments: JsonObject) -> str:
    """The arguments on one line, in the order that both databases give: the shortest names first."""
    names = sorted(arguments, key=lambda name: (len(name), name))
    text = ", ".join(f"{name}: {_flat(arguments[name])}" for name in names)
    flat = " ".join(text.split())
    return flat if len(flat) <= PREVIEW_CHARACTERS else f"{flat[:PREVIEW_CHARACTERS]}…"


def _flat(value: JsonValue) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _present(approval: Approval) -> JsonObject:
    made: JsonObject | None = approval.edited_arguments
    given: JsonObject = approval.arguments
    return given if made is None else made


def _of_present_arguments() -> Q:
    edited = Q(edited_arguments__isnull=False, votes__arguments_hash=F("edited_hash"))
    return edited | Q(edited_arguments__isnull=True, votes__arguments_hash=F("arguments_hash"))


def _looking(approval_ids: Sequence[int], *, but: str) -> Mapping[int, list[str]]:
    if not approval_ids:
        return {}
    found: dict[int, list[str]] = {}
    looks = ApprovalLook.objects.filter(approval__in=approval_ids, seen_at__gt=Now() - STILL_THERE).exclude(by=but)
    for approval_id, by in looks.order_by("-seen_at").values_list("approval_id", "by"):
        found.setdefault(approval_id, []).append(by)
    return found
