"""Which live runs want a look first, and how far back a list looks. No database."""

from datetime import UTC, datetime, timedelta

import pytest

from console.screens.runs.filters import only_live
from console.screens.runs.query import parse
from console.screens.runs.reach import NEWEST, NEWEST_TRACES, reach_of
from console.screens.runs.spark import spark
from console.screens.runs.urgency import LiveRun, burns, is_stuck, urgency

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
CAP = 100_000_000


def run(
    number: int = 1,
    *,
    state: str = "running",
    severity: int = 0,
    cost: int = 0,
    cap: int | None = CAP,
    minutes: int = 10,
    silent: int = 0,
) -> LiveRun:
    began = NOW - timedelta(minutes=minutes)
    return LiveRun(f"{number:032x}", state, severity, cost, cap, began, NOW - timedelta(seconds=silent))


def order(*runs: LiveRun) -> list[int]:
    return [int(each.id, 16) for each in sorted(runs, key=lambda each: urgency(each, NOW))]


def test_the_worst_come_first_then_those_nearest_their_cap_then_the_newest() -> None:
    soon, later = run(1, cost=90_000_000), run(2, cost=10_000_000)
    idle, newer, bad = run(3), run(4), run(5, severity=3)
    assert order(idle, later, newer, bad, soon) == [5, 1, 2, 4, 3]


def test_a_run_that_waits_comes_after_those_that_spend() -> None:
    assert order(run(1, state="waiting_approval", cost=99_000_000), run(2, cost=1_000_000)) == [2, 1]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (run(cost=50_000_000), True),  # ten minutes for the first half, ten for the other
        (run(cost=49_000_000), False),
        (run(cost=80_000_000, minutes=600), True),
        (run(cost=79_000_000, minutes=600), False),
        (run(cost=2_500_000_000, cap=None), True),
        (run(cost=2_400_000_000, cap=None), False),
        (run(cost=99_000_000, state="waiting_approval"), False),
        (run(cost=0), False),
    ],
)
def test_a_run_burns_near_its_cap_or_fast_without_one(given: LiveRun, expected: bool) -> None:
    assert burns(given, NOW) is expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (run(silent=181), True),
        (run(silent=180), False),
        (run(state="kill_requested", silent=181), True),
        (run(state="queued", silent=61), True),
        (run(state="queued", silent=60), False),
        (run(state="waiting_approval", silent=10_000), False),
    ],
)
def test_a_run_is_stuck_that_should_have_been_heard_of(given: LiveRun, expected: bool) -> None:
    assert is_stuck(given, NOW) is expected


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("", "", None),
        ("status:failed", "", None),
        ("status:failed,dead ended:1h", "", None),
        ("agent:x since:1h", "-age", None),
        ("agent:x status:failed", "", NEWEST),
        ("refund", "", NEWEST),
        ("cost:>80%", "", NEWEST),
        ("", "-cost", NEWEST),
        ("agent:x tool:refund", "", NEWEST_TRACES),
    ],
)
def test_all_runs_are_looked_at_where_an_index_finds_them(text: str, order: str, expected: int | None) -> None:
    assert reach_of(parse(text), order) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("is:stuck", True), ("status:live", True), ("status:live,failed", False), ("status:bad", False), ("", False)],
)
def test_ended_runs_are_not_looked_for_where_none_can_match(text: str, expected: bool) -> None:
    assert only_live(parse(text)) is expected


def test_a_line_of_minutes_goes_from_edge_to_edge_with_its_most_at_the_top() -> None:
    assert spark([0, 5, 10]) == "0,15 30,8 60,1"
    assert spark([0, 0]) == ""
    assert spark([]) == ""
