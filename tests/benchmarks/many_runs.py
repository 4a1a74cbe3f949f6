"""A hundred thousand runs as rows, written in bulk: what the console's pages are opened on."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from django.db import connection
from django.utils import timezone

from agents.contracts.ids import first_run_id
from agents.models import AgentVersion, EventRow, Run
from budgets.models import Hold, Surface, Tenant

SEED = 1
AT_ONCE = 5_000
SECONDS_APART = 26
USERS = 3_000
ENDINGS = (("completed", 80), ("flagged", 6), ("degraded", 4), ("failed", 6), ("killed", 3), ("dead", 1))
GOING_ON = ("running",) * 8 + ("queued", "waiting_approval", "paused_budget")
REASONS = ("Refund API: 503, gave up", "The cap of this run is reached.", "Killed by mara", "No citation for [1].")
WORDS = [
    "order",
    "refund",
    "invoice",
    "parcel",
    "late",
    "broken",
    "account",
    "password",
    "price",
    "supplier",
    "contract",
    "clause",
    "summary",
]
TOLD = ("run.launched", "model.started", "model.ended", "tool.started", "tool.ended", "run.ended")
HOLDS_OF_A_LIVE_RUN = 20


def write_runs(tenant: Tenant, *, ended: int, live: int) -> None:
    """So many runs that have ended over the last weeks, and so many that are live, each with a short trace."""
    chance = random.Random(SEED)
    made = _runs(chance, tenant, ended, live)
    stamped, Run._meta.get_field("created_at").auto_now_add = True, False
    try:
        while runs := list(islice(made, AT_ONCE)):
            Run.objects.bulk_create(runs, batch_size=500)
            EventRow.objects.bulk_create([event for run in runs for event in _events(run)], batch_size=2_000)
            Hold.objects.bulk_create([hold for run in runs for hold in _holds(chance, run)], batch_size=1_000)
    finally:
        Run._meta.get_field("created_at").auto_now_add = stamped
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _runs(chance: random.Random, tenant: Tenant, ended: int, live: int) -> Iterator[Run]:
    now, versions = timezone.now(), list(AgentVersion.objects.select_related("agent"))
    surfaces = list(Surface.objects.filter(tenant=tenant))
    states, shares = zip(*ENDINGS, strict=True)
    for number in range(ended):
        at = now - timedelta(seconds=(ended - number) * SECONDS_APART + 600)
        state = chance.choices(states, shares)[0]
        yield _run(chance, tenant, chance.choice(versions), chance.choice(surfaces), at, state)
    for _ in range(live):
        at = now - timedelta(seconds=chance.randrange(5, 900))
        yield _run(chance, tenant, chance.choice(versions), chance.choice(surfaces), at, chance.choice(GOING_ON))


def _run(
    chance: random.Random, tenant: Tenant, version: AgentVersion, surface: Surface, at: datetime, state: str
) -> Run:
    going_on = state in GOING_ON
    return Run(
        id=first_run_id(at)[:12] + secrets.token_hex(10),
        tenant=tenant,
        surface=surface,
        version=version,
        agent_name=version.agent.name,
        user=f"user-{chance.randrange(USERS)}",
        task=" ".join(chance.choices(WORDS, k=60)),
        answer="" if going_on else " ".join(chance.choices(WORDS, k=120)),
        llm=version.to_spec().llms[0] if going_on else "rehearsal:search",
        state=state,
        reason="" if state in {"completed", "running"} else chance.choice(REASONS),
        launched_by=f"person-{chance.randrange(40)}",
        created_at=at,
        started_at=at,
        ended_at=None if going_on else at + timedelta(seconds=chance.randrange(3, 300)),
        turn=3,
        steps_count=chance.randrange(2, 40),
        errors_count=chance.choice((0, 0, 0, 0, 1, 3)),
        severity=3 if state in {"failed", "dead"} else chance.choice((0, 0, 0, 0, 0, 1, 2)),
        cost_nanos=chance.randrange(1_000_000, 90_000_000),
        cap_nanos=100_000_000,
        next_seq=len(TOLD) + 1,
    )


def _events(run: Run) -> Iterator[EventRow]:
    for seq, kind in enumerate(TOLD, start=1):
        data = {"tool": "stock"} if kind.startswith("tool.") else {"status": "ok", "text": "x" * 80}
        at = run.created_at + timedelta(seconds=seq)
        yield EventRow(run=run, seq=seq, kind=kind, at=at, turn=1, span_id=secrets.token_hex(4), data=data)


def _holds(chance: random.Random, run: Run) -> Iterator[Hold]:
    """What live runs spent in the last minutes, for the figures that are by the minute."""
    for step in range(HOLDS_OF_A_LIVE_RUN if run.ended_at is None else 0):
        at = timezone.now() - timedelta(seconds=chance.randrange(1_200))
        yield Hold(
            id=secrets.token_hex(16),
            tenant_id=run.tenant_id,
            run_id=run.id,
            step=step,
            llm=run.llm,
            amount_nanos=3_000_000,
            settled_nanos=chance.randrange(2_000_000),
            state="settled",
            opened_at=at,
            closed_at=at,
        )
