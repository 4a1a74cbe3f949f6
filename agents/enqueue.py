"""Putting work before the workers. The message is only a hint: the sweeper finds every row that is due."""

import logging
from datetime import timedelta

from celery import current_app
from django.db.models.functions import Now
from kombu.exceptions import OperationalError

from agents.models import Run

logger = logging.getLogger(__name__)
RING_AGAIN_AFTER = timedelta(seconds=10)


def enqueue(run_id: str) -> bool:
    """Send the task. False when the broker did not take it."""
    Run.objects.filter(pk=run_id, state="queued").update(due_at=Now() + RING_AGAIN_AFTER)
    try:
        current_app.send_task("agents.tasks.work_on", args=[run_id], retry=False, ignore_result=True)
    except (OperationalError, ConnectionError, TimeoutError) as error:
        Run.objects.filter(pk=run_id, state="queued").update(due_at=Now())
        logger.warning("run %s waits for the sweeper: %s", run_id, error)
        return False
    return True


def enqueue_verification(request_id: int) -> bool:
    """Ask a worker to verify the ledger. False when the broker did not take it: whoever asked may ask again."""
    try:
        current_app.send_task("agents.tasks.verify_ledger", args=[request_id], retry=False, ignore_result=True)
    except (OperationalError, ConnectionError, TimeoutError) as error:
        logger.warning("verification %d was not taken: %s", request_id, error)
        return False
    return True
