"""Finds runs that nobody works on though somebody should, and puts them before the workers again or ends them.

Every worker does this every few seconds: whatever is done here, somebody else may be doing at the same moment.
"""

import logging

from django.db.models import F, Q
from django.db.models.functions import Now

from agents import bell, effects, funding, holds
from agents.approvals.expiry import expire
from agents.contracts.endings import Ending
from agents.enqueue import enqueue_due
from agents.journal import append
from agents.lease import MOST_ATTEMPTS
from agents.models import Approval, Run
from budgets import clock

logger = logging.getLogger(__name__)
MOST_PER_SWEEP = 500


def sweep() -> int:
    """One pass; returns how many runs were put before the workers again."""
    for run in Run.objects.lease_expired().filter(kill_requested_at__isnull=False)[:MOST_PER_SWEEP]:
        _end(run, Ending(state="killed", reason="An operator killed the run; its worker had died."))
    for run in Run.objects.lease_expired().filter(attempts__gte=MOST_ATTEMPTS)[:MOST_PER_SWEEP]:
        _end(run, Ending(state="dead", reason=f"Its worker died {MOST_ATTEMPTS} times."))
    for approval in Approval.objects.filter(decision="", expires_at__lt=Now())[:MOST_PER_SWEEP]:
        expire(approval)
    holds.resolve_orphans(clock.now())
    funding.let_time_pass(clock.now())
    effects.wake_answered()
    return ring_due()


def ring_due() -> int:
    """Send the tasks of runs that are due, oldest first, as long as the broker takes them; returns how many."""
    due = Run.objects.filter(_due()).order_by(F("due_at").asc(nulls_first=True), "pk")
    sent = 0
    for run_id in due.values_list("pk", flat=True)[:MOST_PER_SWEEP]:
        taken = enqueue_due(run_id)
        if taken is False:  # the next one would only wait for the same silence
            break
        sent += taken is True
    return sent


def _due() -> Q:
    """Queued, or left by a worker whose lease ran out, and not rung for lately; a crash may have left no time."""
    left = Q(state="running", lease_expires_at__lt=Now(), attempts__lt=MOST_ATTEMPTS)
    return (Q(state="queued") | left) & ~Q(due_at__gte=Now())


def _end(run: Run, ending: Ending) -> None:
    """End a run whose worker is gone; a call that it had sent is charged in full."""
    ended = append.end(run.id, ending, expected_epoch=run.epoch)
    if ended is None:
        return
    bell.ring_head(ended.id, ended.tenant_id, ended.next_seq - 1)
    logger.warning("run %s ended as %s: %s", run.id, ending.state, ending.reason)
