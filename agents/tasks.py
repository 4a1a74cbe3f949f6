"""Celery's tasks: an id in, one call out; and what begins and ends with a worker process."""

from functools import partial

from celery import shared_task
from celery.signals import worker_ready, worker_shutdown, worker_shutting_down
from django.conf import settings

from agents import execution, runtime
from agents.probing import PROBE_SECONDS, probe_due
from agents.sweeper import Sweeper
from agents.tools.link_minutes import prune
from agents.tools.pulse import Pulse
from budgets.ledger.verification import EVERY_DAY, verify_and_keep

sweeper = Sweeper()
pulses: list[Pulse] = []


@shared_task(name="agents.tasks.work_on", ignore_result=True)
def work_on(run_id: str) -> None:
    """Work on a run until it ends or waits. Doubled, late or lost messages change no outcome."""
    execution.work_on(run_id)


@shared_task(name="agents.tasks.verify_ledger", ignore_result=True)
def verify_ledger() -> None:
    """Recompute the whole ledger and keep what was found, because the day came."""
    verify_and_keep(asked_by=EVERY_DAY)


@shared_task(name="agents.tasks.prune_health", ignore_result=True)
def prune_health() -> None:
    """Drop what was counted of links longer ago than it is kept."""
    prune()


@worker_ready.connect
def start_runtime(**_: object) -> None:
    """Be ready for a kill before the first run comes."""
    at = runtime.current()
    pulses.append(Pulse(at.health))
    pulses[-1].start()
    sweeper.also(partial(probe_due, at), name="prober", every_seconds=PROBE_SECONDS)
    sweeper.start()


@worker_shutting_down.connect
def hand_runs_on(how: str, **_: object) -> None:
    """SIGTERM: runs go to other workers when their step ends. Celery waits for them before it ends the process."""
    if how == "Warm":
        runtime.current().warden.leave(within_seconds=settings.DRAIN_SECONDS)


@worker_shutdown.connect
def stop_runtime(**_: object) -> None:
    """Write what is queued and close what is open."""
    sweeper.stop()
    while pulses:
        pulses.pop().stop()
    runtime.current().stop()
