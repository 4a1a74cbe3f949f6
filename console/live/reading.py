"""Selectors of the live feed: rows after a cursor, runs by id, heads of what is alive."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from agents.contracts.endings import TERMINAL
from agents.contracts.events import Event
from agents.models import EventRow, Run

RECENTLY = timedelta(seconds=60)


@dataclass(frozen=True)
class Head:
    """How far a run has come."""

    run_id: str
    tenant_id: int
    seq: int


def events_after(run_id: str, seq: int) -> list[tuple[int, Event]]:
    """The run's events after ``seq``, in order, with their numbers."""
    rows = EventRow.objects.filter(run_id=run_id, seq__gt=seq).order_by("seq")
    return [(row.seq, row.to_event()) for row in rows]


def read_runs(run_ids: Collection[str]) -> list[Run]:
    """Runs with the columns that lists and heads show."""
    return list(Run.objects.filter(id__in=run_ids).defer("task", "limits", "missing"))


def run_of_tenant(tenant_id: int, run_id: str) -> bool:
    """Whether the tenant has this run."""
    return Run.objects.filter(tenant_id=tenant_id, id=run_id).exists()


def heads(tenant_ids: Collection[int], run_ids: Collection[str]) -> list[Head]:
    """Where the tenants' live and just ended runs stand, and these runs too."""
    moving = ~Q(state__in=sorted(TERMINAL)) | Q(ended_at__gte=timezone.now() - RECENTLY)
    wanted = (Q(tenant_id__in=tenant_ids) & moving) | Q(id__in=run_ids)
    rows = Run.objects.filter(wanted).values_list("id", "tenant_id", "next_seq")
    return [Head(run_id, tenant_id, next_seq - 1) for run_id, tenant_id, next_seq in rows]
