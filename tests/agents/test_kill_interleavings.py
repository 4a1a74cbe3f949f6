"""A kill against completion: whatever comes between any two commits, a run ends once, and nothing starts after a kill.

WATCHFLOOR_KILL_SEEDS says how many interleavings; a failure names its seed, with which
WATCHFLOOR_KILL_FIRST_SEED plays it again.
"""

import logging
import os
from collections import Counter
from collections.abc import Iterator

import pytest
from django.db import connection

from agents.contracts.specs import AgentSpec
from agents.library.sync import keep_version
from agents.runtime import Runtime
from budgets.ledger import verify
from budgets.models import Hold
from budgets.tier_settings import AMOUNTS
from tests.agents.conftest import LLM, Office
from tests.agents.interleavings import Scene
from tests.agents.workers import PAY, SEND, SHOUT, worker
from tests.tier_edit import limit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_redis", "sender")]
FIRST_SEED = int(os.environ.get("WATCHFLOOR_KILL_FIRST_SEED", "20261122"))
SEEDS = int(os.environ.get("WATCHFLOOR_KILL_SEEDS", "0"))
FEW = {"sqlite": 120, "postgresql": 40}
MUCH_NANOS = 10**15


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody listens to the bell here, which it would say at each ring."""
    caplog.set_level(logging.ERROR, logger="agents")


@pytest.fixture
def workers() -> Iterator[tuple[Runtime, Runtime]]:
    """Two that work on the same runs."""
    with worker("one") as one, worker("two") as two:
        yield one, two


@pytest.mark.timeout(120 + SEEDS)
def test_a_kill_between_any_two_commits_leaves_one_terminal_state_and_starts_nothing(
    office: Office, workers: tuple[Runtime, Runtime], capsys: pytest.CaptureFixture[str]
) -> None:
    limit(office.tenant, **dict.fromkeys(AMOUNTS, MUCH_NANOS))
    spec = AgentSpec(name="tester", title="Tester", purpose="", system_prompt="", llms=(LLM,), tools=(SEND, SHOUT, PAY))
    keep_version(spec=spec)
    office.agent.refresh_from_db()
    ended: Counter[tuple[str, str]] = Counter()
    last = FIRST_SEED + (SEEDS or FEW[connection.vendor])
    for seed in range(FIRST_SEED, last):
        scene = Scene(office, workers, seed)
        try:
            scene.play()
            scene.check()
            scene.check_that_it_stays()
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error
        ended[scene.run.state, "killed" if scene.killed else "not killed"] += 1
    with capsys.disabled():
        print(f"\nseeds {FIRST_SEED} to {last - 1}: {dict(ended)}")
    assert {state for state, _ in ended} >= {"killed", "completed"}
    assert not Hold.objects.open().exists()
    assert verify() is None
