"""A test that meets its time limit: what PostgreSQL was doing, and an end to a process that cannot be stopped.

The limit raises in the test, and the fixtures are torn down. Where that waits in its turn (a browser whose loop the
limit has broken never answers again), nothing else would ever end it: the process says where it stands and goes, and
the test is counted as failed.
"""

import faulthandler
import os
from collections.abc import Generator
from threading import Timer

import psycopg
import pytest

LOOK_BEFORE_SECONDS = 5.0
TEAR_DOWN_SECONDS = 60.0
STDERR = 2
SEEN = pytest.StashKey[str]()
QUESTION = """
    SELECT datname, pid, pg_blocking_pids(pid), state, wait_event_type, wait_event, now() - xact_start, query
    FROM pg_stat_activity WHERE backend_type = 'client backend' ORDER BY xact_start
"""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Look shortly before the limit: when it is over, the transactions that wait are undone already."""
    marker = item.get_closest_marker("timeout")
    limit = float(marker.args[0] if marker and marker.args else item.config.getini("timeout"))
    timers = [
        Timer(max(limit - LOOK_BEFORE_SECONDS, 0.0), _look, (item,)),
        Timer(limit + TEAR_DOWN_SECONDS, _give_up, (item,)),
    ]
    for timer in timers:
        timer.daemon = True
        timer.start()
    try:
        return (yield)
    finally:
        for timer in timers:
            timer.cancel()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let the report of a test that failed say what was seen."""
    report = yield
    if seen := item.stash.get(SEEN, ""):
        report.sections.append(("PostgreSQL shortly before the time limit", seen))
    return report


def _look(item: pytest.Item) -> None:
    url = os.environ.get("DATABASE_URL", "")
    if not url:
        return
    with psycopg.connect(url, connect_timeout=2) as connection:
        rows = connection.execute(QUESTION).fetchall()
    item.stash[SEEN] = "\n".join(" | ".join(str(value) for value in row) for row in rows)


def _give_up(item: pytest.Item) -> None:
    os.write(STDERR, f"\n{item.nodeid} is past its time limit and does not end; its threads:\n".encode())
    faulthandler.dump_traceback(file=STDERR)
    os._exit(1)
