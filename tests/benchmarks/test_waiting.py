"""The memory benchmark says plainly whether its target was met."""

from tests.benchmarks.waiting import MOST_BYTES, said


def test_a_line_says_what_was_measured_and_whether_that_is_enough() -> None:
    figures = {"idle": 100_000_000, "rss": MOST_BYTES - 1_000_000, "connections": 0}
    assert said(figures) == "399 MB resident (idle 100 MB): met"
    assert said({**figures, "rss": MOST_BYTES, "connections": 9}).endswith("9 connections: MISSED")
