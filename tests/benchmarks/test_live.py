"""The live benchmark reckons delays rightly, says plainly what it missed, and runs in small."""

import pytest
from playwright.sync_api import Browser

from tests.benchmarks.live import lines
from tests.benchmarks.live_traffic import Marks
from tests.benchmarks.our_live import measured, spread
from tests.harness.live_stack import LiveStack

FIGURES = {
    "seconds": 60.0, "runs": 200, "viewers": 50, "events_per_second": 300, "sockets_lost": 0, "layout_shift": 0,
    "socket_ms": {"count": 10, "p50": 20, "p95": 99, "max": 120},
    "dom_ms": {"count": 10, "p50": 50, "p95": 260, "max": 300},
    "daphne_mb": [160.0, 170.0, 165.0], "daphne_cpu": 0.5,
    "trace": {"steps": 10_000, "open_ms": 400, "window_ms": 120},
}  # fmt: skip


def test_a_mark_that_was_passed_over_counts_from_its_own_commit_to_the_next_that_was_shown() -> None:
    marks = Marks()
    marks.note("r1", "mark 4", 10.5)
    marks.note("r1", "looking", 10.6)
    marks.note("r1", "mark 9", 12.0)
    committed = [(3, "r1", 10.25), (4, "r1", 10.375), (5, "r2", 10.0), (6, "r1", 11.0), (12, "r1", 12.5)]
    assert marks.delays_ms(committed) == [250.0, 125.0, 1000.0]


def test_the_95th_of_a_hundred() -> None:
    assert spread([float(number) for number in range(100)]) == {"count": 100, "p50": 49.5, "p95": 95.0, "max": 99.0}


def test_the_lines_say_what_was_met() -> None:
    text = "\n".join(lines("SQLite", FIGURES))
    assert text.count("MISSED") == 1
    assert "p95 260 ms, max 300 ms of 10; target p95 < 250 ms: MISSED" in text


@pytest.mark.flows
@pytest.mark.either_database
def test_in_small_every_commit_is_seen(live_stack: LiveStack, browser: Browser) -> None:
    figures = measured(live_stack, browser, seconds=6, runs=6, viewers=8, events_per_second=40)
    assert figures["socket_ms"]["count"] > 20
    assert figures["dom_ms"]["count"] > 20
    assert figures["sockets_lost"] == 0
