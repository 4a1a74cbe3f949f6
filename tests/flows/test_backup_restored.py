"""A backup taken while runs work is restored under a worker that sleeps through it: it writes nothing afterwards."""

import sqlite3
import subprocess
import time
from pathlib import Path

import psycopg
import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from psycopg import sql

from agents.contracts.endings import TERMINAL
from agents.lifecycle import launch, resume
from agents.models import Agent, EventRow, Run
from agents.restored import EPOCHS_SINCE_A_BACKUP, MAY_HAVE_ACTED
from budgets.models import Surface, Tenant
from console.live.models import LiveEpoch
from tests.harness.freezing import freeze, thaw
from tests.harness.live_stack import LiveStack
from tests.harness.postgres import find_binaries

pytestmark = [pytest.mark.flows, pytest.mark.timeout(240)]
ACTS, READS = "support-triage", "search"
TASKS = {ACTS: "Where is order 1029?", READS: "How do we size a queue?"}
RUNS = 2
SECONDS = 60.0


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


def test_a_worker_from_before_the_restore_writes_nothing_and_no_run_does_anything_twice(live_stack: LiveStack) -> None:
    stack, backup = live_stack, Backup(var=live_stack.var, url=live_stack.environment["DATABASE_URL"])
    acting, reading = launched(ACTS), launched(READS)
    runs = [*acting, *reading]
    stack.wait_for(lambda: fewest_steps(runs) >= 1, what="each run to have begun", seconds=SECONDS)
    cursor, at_backup = LiveEpoch.current(), fewest_steps(runs)
    backup.take()
    stack.wait_for(lambda: fewest_steps(runs) > at_backup + 1, what="each run to go on", seconds=SECONDS)
    freeze(stack, "worker")
    held = Run.objects.filter(pk__in=runs, state="running").count()
    assert held >= 1, "the runs had ended before the worker slept"
    stack.stop("web")
    stack.stop("beat")
    backup.restore()
    connection.close()

    done = stack.manage("after_restore")
    assert f"{RUNS} runs wait for a person, {RUNS} go on" in done.stdout, done.stdout + done.stderr
    assert LiveEpoch.current() != cursor
    assert not Session.objects.exists()
    told = events_of(acting)
    stack.add_worker("second worker")
    stack.start("web", "beat", "second worker")
    thaw(stack, "worker")
    stack.wait_for(lambda: not live(reading), what="runs that only read to end", seconds=SECONDS)
    stack.wait_for(lambda: turned_away(stack) >= held, what="the old worker to be turned away", seconds=SECONDS)
    assert events_of(acting) == told
    assert set(Run.objects.filter(pk__in=acting).values_list("state", "reason")) == {("paused", MAY_HAVE_ACTED)}

    for run in Run.objects.filter(pk__in=acting):
        assert resume(run=run, actor="acme_operator", why="Nothing was sent.")
    stack.wait_for(lambda: not live(runs), what="runs that a person let go on to end", seconds=SECONDS)
    assert_whole(stack, runs)


def launched(name: str) -> list[str]:
    """Some runs of an agent, slow enough to be caught at work."""
    tenant = Tenant.objects.get(slug="acme")
    surface = Surface.objects.get(tenant=tenant, slug="internal-batch")
    agent = Agent.objects.select_related("current").get(name=name)
    llm = f"rehearsal:{name}+slow=3"

    def one() -> str:
        return launch(tenant=tenant, surface=surface, agent=agent, actor="acme_operator", llm=llm, task=TASKS[name]).id

    return [one() for _ in range(RUNS)]


def fewest_steps(runs: list[str]) -> int:
    return min(Run.objects.filter(pk__in=runs).values_list("steps_count", flat=True))


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
