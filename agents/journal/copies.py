"""Copies the first steps of a run and what they did to the world into another run, in the caller's transaction."""

import json
from collections.abc import Iterable
from datetime import datetime

from django.db import connection
from django.db.models import Q

from agents.contracts.steps import Step
from agents.journal.gate import storable
from agents.models import Attachment, Effect, Run, StepRow

COPIED_AT_ONCE = 500
TAKEN_OVER = 0
"""The epoch of an effect that a run has not made itself: its own epochs count from 1."""

_COPY = (
    "INSERT INTO agents_steprow (run_id, number, turn, kind, schema_version, output, recorded_at) "
    "SELECT %s, number, turn, kind, schema_version, output, recorded_at FROM agents_steprow "
    "WHERE run_id = %s AND number <= %s"
)


def copy_steps(source: Run, target: Run, *, up_to: int, rewritten: Iterable[Step]) -> None:
    """The rows as they were recorded, in one statement however many; those that are rewritten in the present form."""
    with connection.cursor() as cursor:
        cursor.execute(_COPY, [target.pk, source.pk, up_to])
    for step in rewritten:
        output = json.loads(storable(step.output.model_dump(mode="json")))
        StepRow.objects.filter(run_id=target.pk, number=step.number).update(
            output=output, schema_version=step.schema_version
        )


def copy_effects(source: Run, target: Run, *, up_to: int, at: datetime) -> None:
    """What the copied steps did, and whatever nobody knows the outcome of, known to the target under its own scope.

    What is shared by the tenant's runs and open there needs no copy: it is looked up before a run's own.
    """
    is_open = Q(state__in=("started", "unknown"))
    unsure = (is_open | Q(outcome="given_up")) & Q(scope=source.pk)
    wanted = source.effects.filter(unsure | ~is_open & Q(step__lte=up_to)).order_by("pk")
    copies = []
    for effect in wanted.iterator(chunk_size=COPIED_AT_ONCE):
        if effect.state == "started":
            effect.state, effect.unknown_since = "unknown", at
        effect.pk, effect.run, effect.scope, effect.epoch = None, target, target.pk, TAKEN_OVER
        effect.expires_at = None
        copies.append(effect)
    Effect.objects.bulk_create(copies, batch_size=COPIED_AT_ONCE)


def copy_attachments(source: Run, target: Run) -> None:
    """The same files; their bytes are stored once."""
    files = source.attachments.order_by("pk")
    Attachment.objects.bulk_create(
        Attachment(run=target, name=file.name, media_type=file.media_type, blob_id=file.blob_id) for file in files
    )
