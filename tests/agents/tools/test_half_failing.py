"""A primary that fails half of its calls costs few calls more; a half-open door lets one caller through."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from agents.models import ToolHealth
from agents.tools import known_links
from agents.tools.breaker import Breaker
from agents.tools.health import SharedHealth
from budgets import clock

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PRIMARY = "look_up/shelf"
MOST_CALLS = 1.2


@pytest.mark.parametrize(
    ("a_second", "requests"), [(0.2, 5_000), (1, 20_000), (20, 50_000)], ids=["seldom", "steadily", "often"]
)
@pytest.mark.parametrize("seed", range(5))
def test_by_the_arithmetic_it_costs_at_most_a_fifth_more_calls(a_second: float, requests: int, seed: int) -> None:
    dice, breaker, calls = random.Random(seed), Breaker("closed", "", 0, 0, NOON), 0
    for number in range(requests):
        now = NOON + timedelta(seconds=number / a_second)
        if breaker.wants_probe(now):
            breaker = breaker.probing(now)
        elif breaker.state != "closed":
            calls += 1
            continue
        failed = dice.random() < 0.5
        breaker = breaker.after(failed=failed, now=now)
        calls += 1 + failed
    assert calls <= MOST_CALLS * requests, f"seed {seed}: {calls / requests:.3f} calls a request"


@pytest.mark.django_db
@pytest.mark.parametrize("seed", [7])
def test_four_workers_with_many_callers_make_few_calls_more(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    at = NOON
    monkeypatch.setattr(clock, "now", lambda: at)
    monkeypatch.setattr(known_links, "REFRESH_SECONDS", 1e9)  # read as their pulses do, once a second of this test
    dice, workers, calls = random.Random(seed), [SharedHealth() for _ in range(4)], 0
    seconds, a_second = 400, 10
    for _ in range(seconds):
        at += timedelta(seconds=1)
        for worker in workers:
            worker.links.read()
        for _ in range(a_second):
            calls += request(dice.choice(workers), lambda: dice.random() < 0.5)
    assert calls <= MOST_CALLS * seconds * a_second, f"seed {seed}: {calls / (seconds * a_second):.3f} calls a request"
    assert ToolHealth.objects.get(link=PRIMARY).openings > 1


def request(worker: SharedHealth, fails: Callable[[], bool]) -> int:
    """One request along a chain whose second link always serves; returns how many calls it took."""
    if not worker.allows(PRIMARY):
        return 1
    failed = fails()
    worker.record(PRIMARY, error="fell down" if failed else "")
    return 1 + failed


@pytest.mark.django_db
def test_of_many_callers_at_a_half_open_door_one_goes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    at = NOON
    monkeypatch.setattr(clock, "now", lambda: at)
    monkeypatch.setattr(known_links, "REFRESH_SECONDS", 0.0)
    workers = [SharedHealth() for _ in range(4)]
    for _ in range(5):
        workers[0].record(PRIMARY, error="fell down")
    through: Counter[str] = Counter()
    for second in range(120):
        at = NOON + timedelta(seconds=second)
        through.update(str(second) for worker in workers if worker.allows(PRIMARY))
    assert through == {"30": 1, "90": 1}  # nobody heard of the first probe, so that a second one goes a minute later
