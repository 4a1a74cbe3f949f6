"""After a backup was restored: runs are ahead of their rows, and whoever worked on them must not write any more."""

import logging
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from agents.contracts.base import JsonObject
from agents.contracts.events import Event
from agents.journal.append import append, take_over
from agents.models import Run
from budgets import clock

logger = logging.getLogger(__name__)
EPOCHS_SINCE_A_BACKUP = 10_000
"""More than a run can have gone through since the backup: epochs that workers still hold are never given out again."""
MAY_HAVE_ACTED = (
    "Restored from a backup: what it did since then is not on record, and it may do it again. "
    "Find out what happened, then resume or kill it."
)
MAY_REPEAT = "Restored from a backup: it reads only, and goes on from its last step on record."


@dataclass(slots=True)
class Restored:
    """What became of the runs that were live in the backup."""

    paused: int = 0
    going_on: int = 0


def take_back_runs() -> Restored:
    """Fence every live run off from its earlier workers, and let only those go on that cannot do anything twice.

    A run with a tool that acts waits for a person, whatever it waited for before: its next calls may have been made
    already, and nothing on record would tell. Doing this twice pauses again what was resumed in between.
    """
    done = Restored()
    for run in Run.objects.live().select_related("version").order_by("pk").iterator(chunk_size=200):
        acts = any(tool.effect != "pure" for tool in run.version.to_spec().tools)
        with transaction.atomic():
            _fence(run)
            if run.state == "kill_requested":
                continue  # its lease is over: the sweeper ends it
            _pause(run) if acts else _go_on(run)
        done.paused += acts
        done.going_on += not acts
    return done


def _fence(run: Run) -> None:
    """No worker holds the run any more; calls that were under way in the backup are charged, as after a crash."""
    Run.objects.filter(pk=run.pk).update(
        epoch=F("epoch") + EPOCHS_SINCE_A_BACKUP,
        lease_owner="",
        lease_expires_at=Now() if run.state == "kill_requested" else None,
        attempts=0,
    )
    take_over(run.pk, epoch=run.epoch + EPOCHS_SINCE_A_BACKUP)


def _pause(run: Run) -> None:
    data: JsonObject = {"state": "paused", "reason": MAY_HAVE_ACTED}
    append(run.pk, [Event(kind="run.paused", at=clock.now(), turn=run.turn, data=data)])
    Run.objects.filter(pk=run.pk).update(state="paused", reason=MAY_HAVE_ACTED, doing="", due_at=None)


def _go_on(run: Run) -> None:
    append(run.pk, [Event(kind="note.added", at=clock.now(), turn=run.turn, data={"text": MAY_REPEAT})])
    Run.objects.filter(pk=run.pk, state__in=["running", "queued"]).update(state="queued", due_at=Now())
