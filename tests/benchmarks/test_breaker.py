"""A breaker decides from memory: well under 0.2 ms, closed or open, also when there are many links."""

import pytest

from agents.models import ToolHealth
from agents.tools.health import SharedHealth
from budgets import clock
from tests.benchmarks.breaker import counts, decisions

LINKS = 200
MOST_MICROS = 200.0


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["closed", "open"])
def test_a_decision_takes_less_than_a_fifth_of_a_millisecond(state: str) -> None:
    now = clock.now()
    ToolHealth.objects.bulk_create(
        ToolHealth(link=f"tool/{number}", state=state, window_started_at=now, opened_at=now) for number in range(LINKS)
    )
    health = SharedHealth()
    assert health.allows("tool/7") is (state == "closed")
    median, p99 = decisions(health, "tool/7", 5_000)
    print(f"decision over a {state} link: p50 {median:.1f} us, p99 {p99:.1f} us")
    assert median < MOST_MICROS
    assert p99 < MOST_MICROS
    median, p99 = counts(health, "tool/7", 5_000)
    print(f"count of a good call: p50 {median:.1f} us, p99 {p99:.1f} us")
    assert median < MOST_MICROS
