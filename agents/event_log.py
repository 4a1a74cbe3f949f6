"""Committed events leave the process: as JSON lines on stdout, as OpenTelemetry spans; rows stay the truth."""

import json
import logging
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial

from django.conf import settings
from django.db import transaction

from agents.contracts.events import Event
from agents.journal.gate import readable
from agents.telemetry.outbox import Outbox, open_outbox

logger = logging.getLogger(__name__)

Told = Sequence[tuple[str, int, Event]]
"""Run id, sequence number and event of all that a commit has written."""

_hearers: list[Callable[[Told], None]] = []
_outboxes: list[Outbox] = []


def start(service: str) -> None:
    """Let this process's events leave as its environment says; nothing leaves a process that never calls this."""
    if settings.EVENT_LOG:
        _hearers.append(write_lines)
    outbox = open_outbox(os.environ, service)
    if outbox is not None:
        _outboxes.append(outbox)
        _hearers.append(outbox.hear)


def stop() -> None:
    """Send what waits, for a few seconds at most."""
    _hearers.clear()
    while _outboxes:
        _outboxes.pop().stop()


def tell(events: Told) -> None:
    """Pass on what has been committed. Whatever goes wrong with it is no concern of who committed."""
    for hear in tuple(_hearers):
        try:
            hear(events)
        except Exception as error:  # a closed pipe, say: the rows are written all the same
            logger.warning("events could not be passed on: %s", error)


def tell_after_commit(events: Told) -> None:
    """Pass events on once the transaction around them is committed."""
    if _hearers and events:
        transaction.on_commit(partial(tell, tuple(events)))


def write_lines(events: Told) -> None:
    """Write events, one a line: run id, sequence number, and the event's own fields."""
    lines = [_line(run_id, seq, event) for run_id, seq, event in events]
    sys.stdout.write("".join(lines))
    sys.stdout.flush()


def _line(run_id: str, seq: int, event: Event) -> str:
    fields = event.model_dump(mode="json", exclude={"data"}, exclude_none=True)
    head = json.dumps({"run": run_id, "seq": seq, **fields})
    return f'{head[:-1]}, "data": {readable(event.data)}}}\n'
