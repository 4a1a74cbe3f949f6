"""Celery's tasks: an id in, one call out."""

from celery import shared_task
from celery.signals import worker_ready, worker_shutdown

from agents import execution, recovery, runtime
from budgets.ledger.asked_verification import answer_request
from budgets.ledger.verification import EVERY_DAY, verify_and_keep


@shared_task(name="agents.tasks.work_on", ignore_result=True)
def work_on(run_id: str) -> None:
    """Work on a run until it ends or waits. Doubled, late or lost messages change no outcome."""
    execution.work_on(run_id)


@shared_task(name="agents.tasks.sweep", ignore_result=True)
def sweep() -> None:
    """Put every run that is due, or was left by its worker, before the workers again."""
    recovery.sweep()


@shared_task(name="agents.tasks.verify_ledger", ignore_result=True)
def verify_ledger(request_id: int = 0) -> None:
    """Recompute the whole ledger and keep what was found: for whoever asked, else because the day came."""
    if request_id:
        answer_request(request_id)
    else:
        verify_and_keep(asked_by=EVERY_DAY)


@worker_ready.connect
def start_runtime(**_: object) -> None:
    """Be ready for a kill before the first run comes."""
    runtime.current()


@worker_shutdown.connect
def stop_runtime(**_: object) -> None:
    """Write what is queued and close what is open."""
    runtime.current().stop()
