"""Leases: which worker holds a run, under which epoch, until when by the database's clock."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now

from agents import switches
from agents.contracts.endings import HOLDING_A_WORKER
from agents.models import Run

LEASE = timedelta(seconds=settings.LEASE_SECONDS)
RENEW_SECONDS = min(2.0, settings.LEASE_SECONDS / 10)
MOST_ATTEMPTS = 3
"""Claims without a recorded step in between, of which no holder came back; then the run is dead."""


@dataclass(frozen=True, slots=True)
class Held:
    """A run as its holder sees it at a renewal."""

    run_id: str
    epoch: int
    kill_requested_at: datetime | None


def claim(*, run_id: str, owner: str) -> Run | None:
    """Take a run that is queued, or whose holder let its lease run out. None when somebody else was faster.

    One conditional UPDATE decides; the epoch it sets fences off every earlier holder.
    """
    if switches.turned_away(run_id):
        return None
    free = Q(state="queued") | Q(state__in=HOLDING_A_WORKER, lease_expires_at__lt=Now())
    taken = Run.objects.filter(free, pk=run_id, kill_requested_at=None, attempts__lt=MOST_ATTEMPTS).update(
        state="running",
        started_at=Coalesce("started_at", Now()),
        epoch=F("epoch") + 1,
        attempts=F("attempts") + 1,
        lease_owner=owner,
        lease_expires_at=Now() + LEASE,
        due_at=None,
        reason="",
    )
    if not taken:
        return None
    return Run.objects.select_related("tenant", "surface", "version").get(pk=run_id)


def renew(*, owner: str, run_ids: Collection[str]) -> list[Held]:
    """Extend this worker's leases, and read who of them was killed. A run that is missing is no longer ours."""
    mine = Run.objects.filter(pk__in=run_ids, lease_owner=owner, state__in=HOLDING_A_WORKER)
    mine.update(lease_expires_at=Now() + LEASE)
    return [Held(*row) for row in mine.values_list("id", "epoch", "kill_requested_at")]
