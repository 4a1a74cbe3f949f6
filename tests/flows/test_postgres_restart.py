"""PostgreSQL restarts, crashes and loses answers while runs work: each of them ends as if nothing had been."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from django.db import Error, connection
from pytest_django.plugin import DjangoDbBlocker

from agents.contracts.endings import TERMINAL
from agents.models import EventRow, Run
from budgets.models import Hold
from tests.harness.databases import StackDatabases
from tests.harness.drill_desk import broker, furnish, launch_drills, variables
from tests.harness.faulty_proxy import FaultyProxy
from tests.harness.fixtures import rows_of
from tests.harness.gated_vendor import GatedVendor, gated_vendor
from tests.harness.live_stack import LiveStack
from tests.harness.postgres import PostgresServer, restartable_postgres

pytestmark = pytest.mark.flows
COMMIT = b"COMMIT\x00"
RUNS, TURNS = 20, 20
WORK = " ".join(["note@go", *["note"] * (TURNS - 2), "answer"])
LOST_ANSWERS = 16
BEGUN_EVENTS = 10 * RUNS
"""Each run writes more than a hundred: most of them are still to come when the server goes, and when it goes again."""
SECONDS = 240.0


@pytest.fixture(scope="module")
def server(django_db_blocker: DjangoDbBlocker) -> Iterator[PostgresServer]:
    with django_db_blocker.unblock():
        if connection.vendor != "postgresql":
            pytest.skip("SQLite has no server that could restart")
    with restartable_postgres() as running:
        yield running


@pytest.fixture(scope="module")
def proxy(server: PostgresServer) -> Iterator[FaultyProxy]:
    with FaultyProxy(server.url) as running:
        yield running


@pytest.fixture(scope="module")
def vendor() -> Iterator[GatedVendor]:
    """Answers at once, but for the first question of each run."""
    with gated_vendor() as (running, url), variables(COMPATIBLE_BASE_URL=url):
        yield running


@pytest.fixture(scope="module")
def stack(
    server: PostgresServer,
    proxy: FaultyProxy,
    vendor: GatedVendor,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[LiveStack]:
    """Two workers and beat, which reach their database through the proxy; this process reaches it directly."""
    assert not vendor.asked
    var = tmp_path_factory.mktemp("stack")
    given = StackDatabases(server_url=server.url, folder=tmp_path_factory.mktemp("template")).copy(var=var)
    running = LiveStack(var=var, environment={**given, "DATABASE_URL": proxy.url(given["DATABASE_URL"])})
    running.add_worker("second worker")
    try:
        with rows_of(given, var=var, blocker=django_db_blocker):
            running.start("redis", "worker", "second worker", "beat")
            furnish()
            with broker(running.redis_url):
                yield running
    finally:
        running.end()


def test_answers_of_commits_that_are_lost_lose_and_double_nothing(
    stack: LiveStack, proxy: FaultyProxy, vendor: GatedVendor
) -> None:
    runs = launch_drills("lost", WORK.replace("@go", "@lost"), RUNS)
    stack.wait_for(lambda: vendor.waiting["lost"] > 0, what="a run to be under way")
    proxy.down.cut_before(COMMIT, times=LOST_ANSWERS)
    vendor.open("lost")
    stack.wait_for(all_ended(runs), what="all runs to end", seconds=SECONDS)
    assert proxy.down.cuts_left == 0
    assert_nothing_lost_or_doubled(stack, runs)


def test_a_restart_and_a_crash_of_the_server_lose_and_double_nothing(
    stack: LiveStack, server: PostgresServer, vendor: GatedVendor
) -> None:
    runs = launch_drills("restarted", WORK, RUNS)
    vendor.open("go")
    for how, events in (("fast", BEGUN_EVENTS), ("immediate", 3 * BEGUN_EVENTS)):
        stack.wait_for(written(runs, events), what=f"{events} events before the {how} restart", seconds=SECONDS)
        ended_at = datetime.now(UTC)
        server.end("fast" if how == "fast" else "immediate")
        connection.close()
        server.start()
    stack.wait_for(all_ended(runs), what="all runs to end", seconds=SECONDS)
    assert EventRow.objects.filter(run__in=runs, at__gt=ended_at).exists(), "they had ended before the crash"
    assert_nothing_lost_or_doubled(stack, runs)


def all_ended(runs: list[str]) -> Callable[[], bool]:
    return lambda: once_it_answers(lambda: not Run.objects.filter(pk__in=runs).exclude(state__in=TERMINAL).exists())


def written(runs: list[str], events: int) -> Callable[[], bool]:
    return lambda: once_it_answers(lambda: EventRow.objects.filter(run__in=runs).count() >= events)


def once_it_answers(look: Callable[[], bool]) -> bool:
    """What is seen, or False while the server is away."""
    try:
        return look()
    except Error:
        connection.close()
        return False


def assert_nothing_lost_or_doubled(stack: LiveStack, runs: list[str]) -> None:
    for run in Run.objects.filter(pk__in=runs):
        assert run.state == "completed", (run.state, run.reason, stack.log("worker")[-3000:])
        events = list(run.events.order_by("seq"))
        kinds = [event.kind for event in events]
        assert [event.seq for event in events] == list(range(1, run.next_seq))
        assert (kinds.count("run.launched"), kinds.count("run.ended")) == (1, 1)
        steps = list(run.steps.order_by("number").values_list("number", flat=True))
        assert steps == list(range(1, run.steps_count + 1))
        holds = list(Hold.objects.of_run(run.id))
        assert {hold.state for hold in holds} <= {"settled", "released"}
        assert kinds.count("hold.placed") == len(holds)
        assert kinds.count("charge.booked") == sum(hold.state == "settled" for hold in holds)
        assert run.cost_nanos == sum(hold.settled_nanos or 0 for hold in holds)
    verified = stack.manage("verify_ledger")
    assert verified.returncode == 0, verified.stdout + verified.stderr
