"""The pages benchmark, small: every page answers, and the slow ones are named."""

from pathlib import Path

import pytest

from tests.benchmarks.opened_pages import PAGES
from tests.benchmarks.pages import Size, lines, measure_pages


@pytest.mark.either_database
def test_each_page_is_opened_and_timed(tmp_path: Path) -> None:
    found = measure_pages(f"sqlite:///{tmp_path / 'pages.sqlite3'}", tmp_path, Size(runs=60, live=12))
    assert list(found) == list(PAGES)
    assert all(0 < each["p50_ms"] <= each["p95_ms"] for each in found.values())


def test_a_page_that_is_slow_is_missed() -> None:
    told = lines("sqlite", {"a/": {"p50_ms": 9.0, "p95_ms": 80.0}, "b/": {"p50_ms": 9.0, "p95_ms": 80.1}})
    assert [line.split()[0] for line in told] == ["sqlite", "met", "MISSED"]
