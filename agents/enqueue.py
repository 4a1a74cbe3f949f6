"""Putting work before the workers. The message is only a hint: the sweeper finds every row that is due."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta

from celery import current_app
from django.db.models import Q
from django.db.models.functions import Now
from kombu.exceptions import OperationalError

from agents.models import Run
from budgets import clock

logger = logging.getLogger(__name__)
RING_AGAIN_AFTER = timedelta(seconds=7)
"""With the longest pause between two sweeps still below the 15 s in which a lost message must be made good."""
RING_FIRST_AFTER = timedelta(seconds=2)
"""Sooner: whoever queues a run may die before its message is sent, and a worker with the next one in hand."""
_nobody_called: ContextVar[bool] = ContextVar("nobody is called", default=False)


@contextmanager
def nobody_called() -> Iterator[None]:
    """Inside, workers are not called: whoever makes runs here works on them too."""
    token = _nobody_called.set(True)
    try:
        yield
    finally:
        _nobody_called.reset(token)


def ring_again_at() -> datetime:
    """The `due_at` of a run that is queued in this transaction and enqueued after it: one commit says both."""
    return clock.now() + RING_FIRST_AFTER


def enqueue(run_id: str) -> bool:
    """Send the task of a run whose row says `ring_again_at`: whoever dies before this has only lost a message.

    False when the broker did not take it, or nobody is to be called.
    """
    if _nobody_called.get():
        return False
    try:
        current_app.send_task("agents.tasks.work_on", args=[run_id], retry=False, ignore_result=True)
    except (OperationalError, ConnectionError, TimeoutError) as error:
        Run.objects.filter(pk=run_id, state__in=("queued", "running")).update(due_at=Now())
        logger.warning("run %s waits for the sweeper: %s", run_id, error)
        return False
    return True


def enqueue_again(run_id: str) -> bool:
    """Send the task of a run that its worker hands on at once, as `enqueue` does."""
    Run.objects.filter(pk=run_id, state="queued").update(due_at=Now() + RING_AGAIN_AFTER)
    return enqueue(run_id)


def enqueue_due(run_id: str) -> bool | None:
    """Send the task of a run that is due, or was left by its worker; None when another sweeper was faster.

    However many workers sweep, and however long the queue is, one message a run is sent in that time.
    """
    still = Run.objects.filter(pk=run_id, state__in=("queued", "running"))
    due = Q(due_at__lt=Now()) | Q(due_at=None)
    if not still.filter(due).update(due_at=Now() + RING_AGAIN_AFTER):
        return None
    return enqueue(run_id)


def make_due(run_id: str) -> None:
    """Leave a queued run to the next sweep of any worker; this one takes no work any more."""
    Run.objects.filter(pk=run_id, state="queued").update(due_at=Now())
