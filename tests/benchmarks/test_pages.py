"""The pages benchmark, small: every page answers, in no more queries than are allowed."""

from pathlib import Path

import pytest

from tests.benchmarks.opened_pages import PAGES
from tests.benchmarks.pages import MOST_QUERIES, Size, lines, measure_pages


@pytest.mark.either_database
def test_each_page_is_opened_and_counted(tmp_path: Path) -> None:
    found = measure_pages(f"sqlite:///{tmp_path / 'pages.sqlite3'}", tmp_path, Size(runs=60, live=12))
    assert list(found) == list(PAGES)
    assert {page: each["queries"] for page, each in found.items() if each["queries"] > MOST_QUERIES} == {}
    assert all(0 < each["p50_ms"] <= each["p95_ms"] for each in found.values())


def test_a_page_that_is_slow_or_asks_too_much_is_missed() -> None:
    good, slow, much = (
        {"p50_ms": 9.0, "p95_ms": p95, "queries": queries} for p95, queries in ((80, 12), (81, 1), (1, 13))
    )
    told = lines("sqlite", {"a/": good, "b/": slow, "": much})
    assert [line.split()[0] for line in told] == ["sqlite", "met", "MISSED", "MISSED"]
