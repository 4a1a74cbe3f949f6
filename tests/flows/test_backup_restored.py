"""A backup taken while runs work is restored under a worker that sleeps through it: it writes nothing afterwards."""

import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from psycopg import sql

from agents.contracts.endings import TERMINAL
from agents.lifecycle import resume
from agents.models import EventRow, Run
from agents.restored import EPOCHS_SINCE_A_BACKUP, MAY_HAVE_ACTED
from console.live.models import LiveEpoch
from tests.harness.drill import ACTING_AGENT
from tests.harness.drill_desk import furnish, launch_drills, variables
from tests.harness.fixtures import MakeStack
from tests.harness.freezing import freeze, thaw
from tests.harness.gated_vendor import GatedVendor, gated_vendor
from tests.harness.live_stack import LiveStack
from tests.harness.postgres import find_binaries

pytestmark = [pytest.mark.flows, pytest.mark.takes(50)]
SCRIPT = "note note@backup note@sleep answer"
"""What each run does: a turn before the backup, one after it, and one that it waits for when its worker sleeps."""
RUNS = 2
SECONDS = 60.0
END_SESSIONS = "SELECT pg_terminate_backend(pid, %s) FROM pg_stat_activity WHERE datname = %s"


class Backup:
    """A copy of a stack's database, made and put back while processes hold it open."""

    def __init__(self, *, var: Path, url: str) -> None:
        self._live = var / "watchfloor.sqlite3"
        self._copy = var / "backup"
        self._url = url

    def take(self) -> None:
        """As `sqlite3 .backup` and pg_dump do."""
        if self._url:
            self._run("pg_dump", "--format=custom", f"--file={self._copy}", self._url)
        else:
            copy_sqlite(self._live, self._copy)

    def restore(self) -> None:
        """In the place of what is there now."""
        if not self._url:
            copy_sqlite(self._copy, self._live)
            return
        server, _, name = self._url.rpartition("/")
        database = sql.Identifier(name)
        with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:
            admin.execute(END_SESSIONS, (int(SECONDS * 1000), name))  # FORCE alone gives them five seconds to go
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(database))
            admin.execute(sql.SQL("CREATE DATABASE {}").format(database))
        self._run("pg_restore", f"--dbname={self._url}", str(self._copy))

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run((find_binaries() / program, *arguments), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def copy_sqlite(source: Path, target: Path) -> None:
    """Raises TimeoutError: left to itself, SQLite waits for ever in C for whoever holds the target's lock."""
    deadline = time.monotonic() + SECONDS

    def still_in_time(_status: int, _left: int, _pages: int) -> None:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{target} is locked")

    with sqlite3.connect(source) as original, sqlite3.connect(target) as duplicate:
        original.backup(duplicate, progress=still_in_time)
    original.close()
    duplicate.close()


@pytest.fixture
def vendor() -> Iterator[tuple[GatedVendor, str]]:
    with gated_vendor() as running:
        yield running


def test_a_worker_from_before_the_restore_writes_nothing_and_no_run_does_anything_twice(
    make_stack: MakeStack, vendor: tuple[GatedVendor, str]
) -> None:
    said, url = vendor
    stack = make_stack(COMPATIBLE_BASE_URL=url)
    furnish()
    with variables(COMPATIBLE_BASE_URL=url):
        acting = launch_drills("acting", SCRIPT, RUNS, agent=ACTING_AGENT.name)
        reading = launch_drills("reading", SCRIPT, RUNS)
    runs = [*acting, *reading]
    put_back_while_a_worker_sleeps(stack, said, len(runs))
    told = events_of(acting)
    stack.add_worker("second worker")
    stack.start("web", "beat", "second worker")
    stack.wait_for(lambda: taken_over(reading, said), what="runs that only read to be taken over")
    said.open("sleep")
    thaw(stack, "worker")
    stack.wait_for(lambda: not live(reading), what="runs that only read to end")
    stack.wait_for(lambda: turned_away(stack) == len(runs), what="the old worker to be turned away by each run")
    assert events_of(acting) == told
    assert set(Run.objects.filter(pk__in=acting).values_list("state", "reason")) == {("paused", MAY_HAVE_ACTED)}

    for run in Run.objects.filter(pk__in=acting):
        assert resume(run=run, actor="acme_operator", why="Nothing was sent.")
    stack.wait_for(lambda: not live(runs), what="runs that a person let go on to end")
    assert_whole(stack, runs)
    for task in tasks(runs):
        assert (said.asked[task, 0], said.asked[task, 3]) == (1, 1), "what is on record is not asked for again"


def put_back_while_a_worker_sleeps(stack: LiveStack, said: GatedVendor, runs: int) -> None:
    """A backup while each run waits for an answer; each goes on by a turn, the worker sleeps, and it is put back."""
    backup = Backup(var=stack.var, url=stack.environment["DATABASE_URL"])
    stack.wait_for(lambda: said.waiting["backup"] == runs, what="each run to have begun")
    cursor = LiveEpoch.current()
    backup.take()
    said.open("backup")
    stack.wait_for(lambda: said.waiting["sleep"] == runs, what="each run to go on")
    freeze(stack, "worker")
    stack.stop("web")
    stack.stop("beat")
    connection.close()
    backup.restore()
    done = stack.manage("after_restore")
    assert f"{RUNS} runs wait for a person, {RUNS} go on" in done.stdout, done.stdout + done.stderr
    assert LiveEpoch.current() != cursor
    assert not Session.objects.exists()


def tasks(runs: list[str]) -> list[str]:
    return list(Run.objects.filter(pk__in=runs).values_list("task", flat=True))


def taken_over(runs: list[str], said: GatedVendor) -> bool:
    """Whether somebody else asks what the sleeping worker asked."""
    return all(said.asked[task, 2] == 2 for task in tasks(runs))


def live(runs: list[str]) -> bool:
    return Run.objects.filter(pk__in=runs).exclude(state__in=TERMINAL).exists()


def events_of(runs: list[str]) -> list[tuple[str, int]]:
    return list(EventRow.objects.filter(run__in=runs).order_by("run", "seq").values_list("run", "seq"))


def turned_away(stack: LiveStack) -> int:
    return stack.log("worker").count("is held by another worker now")


def assert_whole(stack: LiveStack, runs: list[str]) -> None:
    for run in Run.objects.filter(pk__in=runs):
        assert run.state == "completed", run.reason
        events = list(run.events.order_by("seq"))
        assert [event.seq for event in events] == list(range(1, run.next_seq))
        epochs = [event.data["epoch"] for event in events if event.kind == "run.claimed"]
        assert epochs == [1, 2 + EPOCHS_SINCE_A_BACKUP]
        steps = list(run.steps.order_by("number").values_list("number", flat=True))
        assert steps == list(range(1, run.steps_count + 1))
    verified = stack.manage("verify_ledger")
    assert verified.returncode == 0, verified.stdout + verified.stderr
