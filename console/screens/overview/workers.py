"""Whether anybody works: a queue that nobody serves, runs that have lost their worker, runs that died. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.urls import reverse

from console.screens.overview.facts import Facts
from console.screens.overview.live_runs import SeenRun
from console.screens.overview.ranking import NOW, SOME_DAY, Act, Need

QUEUED_TOO_LONG = timedelta(seconds=45)
LOST_FOR = timedelta(seconds=15)
"""Workers look for runs whose lease has ended every few seconds; one that is still there has no worker to go to."""


def unserved_queue(facts: Facts) -> Iterator[Need]:
    """Runs that are due and have waited for a worker too long."""
    due = [run for run in facts.runs.queued if facts.now - due_at(run) > QUEUED_TOO_LONG]
    if not due:
        return
    oldest = min(due, key=due_at)
    busy = sum(1 for run in facts.runs.at_work if holds(run, facts.now))
    title = f"{_runs(len(due))} {'wait' if len(due) > 1 else 'waits'} for a worker"
    yield Need(
        key="queue",
        tone="warn" if busy else "bad",
        glyph="queued",
        title=title if busy else f"Nobody works: {title}",
        why=f"The workers are busy with {_runs(busy)}; the oldest in the queue is {oldest.name}."
        if busy
        else f"No run has a worker that is alive; the oldest in the queue is {oldest.name}.",
        href=listed(facts, "status:queued"),
        act=Act("See the queue", listed(facts, "status:queued")),
        spread=len(due),
        left=NOW,
        since=due_at(oldest),
    )


def lost_runs(facts: Facts) -> Iterator[Need]:
    """Runs whose worker has gone silent and that no other has taken."""
    lost = [run for run in facts.runs.at_work if not holds(run, facts.now - LOST_FOR)]
    if not lost:
        return
    first = min(lost, key=lambda run: run.lease_expires_at or facts.now)
    href = reverse("runs:detail", args=[facts.tenant.slug, first.id])
    yield Need(
        key="lost",
        tone="bad",
        glyph="dead",
        title=f"{len(lost)} runs have lost their workers" if len(lost) > 1 else f"{first.name} has lost its worker",
        why=f"{first.name} was last held by a worker that has gone silent, and no other has taken it.",
        href=href,
        act=Act("Look at it", href if len(lost) == 1 else listed(facts, "status:running")),
        nanos=sum(run.cost_nanos for run in lost),
        spread=len(lost),
        left=NOW,
        since=first.lease_expires_at,
    )


def dead_runs(facts: Facts) -> Iterator[Need]:
    """Runs that died within the hour: their workers were lost once too often."""
    dead = [run for run in facts.runs.failed if run.state == "dead"]
    if not dead:
        return
    last = max(dead, key=lambda run: run.ended_at or run.created_at)
    yield Need(
        key="dead",
        tone="bad",
        glyph="dead",
        title=f"{_runs(len(dead))} died within the hour",
        why=f"{last.name}: {last.reason}" if last.reason else f"The last was {last.name}.",
        href=listed(facts, "status:dead since:1h"),
        act=Act("Look at them" if len(dead) > 1 else "Look at it", listed(facts, "status:dead since:1h")),
        nanos=sum(run.cost_nanos for run in dead),
        spread=len(dead),
        left=SOME_DAY / 6,
        since=last.ended_at,
    )


def due_at(run: SeenRun) -> datetime:
    """Since when a worker could have taken it."""
    return run.due_at or run.created_at


def holds(run: SeenRun, at: datetime) -> bool:
    """Whether a worker's word on it holds at that time."""
    return run.lease_expires_at is None or run.lease_expires_at > at


def listed(facts: Facts, query: str) -> str:
    """The runs that these words find."""
    return f"{reverse('runs:list', args=[facts.tenant.slug])}?{urlencode({'q': query})}"


def _runs(count: int) -> str:
    return f"{count} run" if count == 1 else f"{count} runs"
