"""A long run is resumed from its rows without holding them all."""

import tracemalloc
from datetime import UTC, datetime

from django.db import transaction

from agents.checkpoints import recorded_steps
from agents.contracts.steps import NoteStep, Step
from agents.journal import statements
from agents.journal.rows import NewRows
from agents.models import Effect
from agents.run_ports.memory import MOST_KEYS, RunMemory
from tests.agents.conftest import Office

STEPS = 5_000
TEXT = "Order 1029 left the warehouse on Monday. " * 50
MOST_BYTES = 4_000_000


def test_steps_are_read_in_order_and_never_many_at_once(office: Office) -> None:
    run, rows = office.run(), NewRows()
    for number in range(1, STEPS + 1):
        rows.steps.append((run.id, Step(number=number, turn=1, output=NoteStep(text=TEXT)), datetime.now(UTC)))
    with transaction.atomic():
        statements.write_group([], rows)
    tracemalloc.start()
    try:
        numbers = [step.number for step in recorded_steps(run)]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert numbers == list(range(1, STEPS + 1))
    assert peak < MOST_BYTES < STEPS * len(TEXT)


def test_a_run_with_very_many_effects_looks_each_up(office: Office) -> None:
    run = office.run(epoch=2)
    made = {"run": run, "step": 1, "call_id": "c", "tool": "send", "tool_version": "1", "scope": run.id, "epoch": 1}
    at = datetime.now(UTC)
    keys = [f"{number:064d}" for number in range(MOST_KEYS + 10)]
    rows = [
        Effect(key=key, state="succeeded", arguments={}, result={"value": 1}, started_at=at, **made) for key in keys
    ]
    Effect.objects.bulk_create(rows)
    memory = RunMemory(run)
    assert all(memory.effect(key, dedupe_seconds=0) for key in (keys[0], keys[-1]))
    assert memory.effect("f" * 64, dedupe_seconds=0) is None
