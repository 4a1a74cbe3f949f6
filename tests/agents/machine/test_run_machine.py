"""The machine at work: a short slice in the test command, as many examples as asked for in a soak.

WATCHFLOOR_MACHINE_EXAMPLES is how many to run, WATCHFLOOR_MACHINE_SEED where to begin. A failure prints its steps.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from agents import bell
from agents.runtime import Runtime
from tests.agents import wrong_clock
from tests.agents.conftest import Office, Sender
from tests.agents.machine.house import House, wipe
from tests.agents.machine.run_machine import RunMachine
from tests.agents.workers import worker

EXAMPLES = int(os.environ.get("WATCHFLOOR_MACHINE_EXAMPLES", "12"))
SEED = int(os.environ.get("WATCHFLOOR_MACHINE_SEED", "20261122"))
STEPS = 30

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def workers() -> Iterator[list[Runtime]]:
    with ExitStack() as running:
        yield [running.enter_context(worker(name)) for name in ("one", "two", "three")]


@pytest.mark.timeout(0 if EXAMPLES > 100 else 120)
def test_four_truths_hold_after_every_step(
    office: Office, sender: Sender, workers: list[Runtime], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bell, "_publish", lambda _hints: False)
    wrong_clock.install(monkeypatch)
    print(f"WATCHFLOOR_MACHINE_SEED={SEED} WATCHFLOOR_MACHINE_EXAMPLES={EXAMPLES}")

    @seed(SEED)
    def machine() -> RunMachine:
        return RunMachine(House(office, sender, workers))

    run_state_machine_as_test(
        machine,  # type: ignore[arg-type]  # it makes one, as a class would
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            print_blob=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
    wipe()
