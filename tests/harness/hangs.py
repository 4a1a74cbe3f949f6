"""What PostgreSQL was doing when a test is about to meet its time limit: a hang is seldom seen twice."""

import os
from collections.abc import Generator
from threading import Timer

import psycopg
import pytest

LOOK_BEFORE_SECONDS = 5.0
SEEN = pytest.StashKey[str]()
QUESTION = """
    SELECT datname, pid, pg_blocking_pids(pid), state, wait_event_type, wait_event, now() - xact_start, query
    FROM pg_stat_activity WHERE backend_type = 'client backend' ORDER BY xact_start
"""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Look shortly before the limit: when it is over, the transactions that wait are undone already."""
    url = os.environ.get("DATABASE_URL", "")
    if not url:
        return (yield)
    marker = item.get_closest_marker("timeout")
    limit = float(marker.args[0] if marker and marker.args else item.config.getini("timeout"))
    timer = Timer(max(limit - LOOK_BEFORE_SECONDS, 0.0), _look, (item, url))
    timer.daemon = True
    timer.start()
    try:
        return (yield)
    finally:
        timer.cancel()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let the report of a test that failed say what was seen."""
    report = yield
    if seen := item.stash.get(SEEN, ""):
        report.sections.append(("PostgreSQL shortly before the time limit", seen))
    return report


def _look(item: pytest.Item, url: str) -> None:
    with psycopg.connect(url, connect_timeout=2) as connection:
        rows = connection.execute(QUESTION).fetchall()
    item.stash[SEEN] = "\n".join(" | ".join(str(value) for value in row) for row in rows)
