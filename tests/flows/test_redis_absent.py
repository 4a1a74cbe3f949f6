"""Redis dies, stays away, comes back empty, or takes everything and answers nothing: runs and people go on."""

from collections.abc import Iterator

import pytest
import redis
from pytest_django.plugin import DjangoDbBlocker

from agents.models import Run
from tests.flows.console_client import ConsoleClient, signed_in
from tests.harness.databases import StackDatabases
from tests.harness.faulty_proxy import FaultyProxy
from tests.harness.fixtures import rows_of
from tests.harness.live_stack import LiveStack

pytestmark = [pytest.mark.flows, pytest.mark.either_database, pytest.mark.takes(90)]
QUICK = "rehearsal:support-triage"
STEADY = "rehearsal:support-triage+slow=2"
STUCK = "rehearsal:support-triage+slow=60"
PAGES = ("/t/acme/runs/", "/t/acme/runs/new/", "/t/acme/budgets/", "/t/acme/budgets/tiers/")
VAIN_TRIES = 7
"""How often the worker has looked for Redis in vain before it comes back: about twenty seconds."""
KILLED_WITHIN_SECONDS = 5.0
GOES_ON_WITHIN_SECONDS = 15.0
PAGE_WITHIN_SECONDS = 4.0


@pytest.fixture(scope="module")
def proxy() -> Iterator[FaultyProxy]:
    """In front of the stack's Redis, once that is known."""
    with FaultyProxy("redis://127.0.0.1") as running:
        yield running


@pytest.fixture(scope="module")
def stack(
    stack_databases: StackDatabases,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: DjangoDbBlocker,
    proxy: FaultyProxy,
) -> Iterator[LiveStack]:
    """A stack whose processes reach Redis through the proxy."""
    var = tmp_path_factory.mktemp("stack")
    given = stack_databases.copy(var=var)
    running = LiveStack(var=var, environment=given)
    proxy.aim(running.redis_url)
    running.environment["REDIS_URL"] = proxy.url()
    try:
        with rows_of(given, var=var, blocker=django_db_blocker):
            running.start()
            yield running
    finally:
        running.end()


def test_without_redis_runs_go_on_people_look_kill_and_spend_and_its_return_wakes_what_waited(stack: LiveStack) -> None:
    with signed_in(stack) as console:
        steady, stuck = launched(console, STEADY), launched(console, STUCK)
        stack.wait_for(lambda: state(steady) == state(stuck) == "running", what="both runs to be at work")
        stack.kill("redis")
        waiting = launched(console, QUICK)
        for page in (*PAGES, f"/t/acme/runs/{steady}/", f"/t/acme/runs/{waiting}/"):
            console.read(page)
        assert '"redis": "down"' in console.read("/healthz/")
        console.write(f"/t/acme/runs/{stuck}/kill/", form_at=f"/t/acme/runs/{stuck}/", reason="It hangs.")
        stack.wait_for(lambda: state(stuck) == "killed", what="the kill", seconds=KILLED_WITHIN_SECONDS)
        stack.wait_for(lambda: state(steady) == "completed", what="the run that had begun to end without Redis")
        stack.wait_for(lambda: vain_tries(stack) >= VAIN_TRIES, what="Redis to be missed for long")
        assert state(waiting) == "queued"
        assert console.slowest_seconds < PAGE_WITHIN_SECONDS
    stack.start("redis")
    stack.wait_for(
        lambda: state(waiting) != "queued", what="the run that waited to go on", seconds=GOES_ON_WITHIN_SECONDS
    )
    stack.wait_for(lambda: state(waiting) == "completed", what="it to end")
    assert_whole(stack, steady, stuck, waiting)


def test_a_redis_that_is_emptied_has_lost_nothing(stack: LiveStack) -> None:
    stack.stop("worker")
    with signed_in(stack) as console:
        runs = [launched(console, QUICK) for _ in range(5)]
    with redis.Redis.from_url(stack.redis_url) as client:
        assert client.llen("celery") >= len(runs)
        client.flushall()
    stack.start("worker")
    begun = Run.objects.filter(pk__in=runs).exclude(state="queued")
    stack.wait_for(
        lambda: begun.count() == len(runs), what="runs whose messages are gone to begin", seconds=GOES_ON_WITHIN_SECONDS
    )
    stack.wait_for(lambda: all(state(run) == "completed" for run in runs), what="them to end")
    assert_whole(stack, *runs)


def test_a_redis_that_takes_everything_and_answers_nothing_keeps_nobody_waiting(
    stack: LiveStack, proxy: FaultyProxy
) -> None:
    with signed_in(stack) as console:
        stuck = launched(console, STUCK)
        stack.wait_for(lambda: state(stuck) == "running", what="the run to be at work")
        proxy.up.swallow = proxy.down.swallow = True
        waiting = launched(console, QUICK)
        for page in (*PAGES, f"/t/acme/runs/{stuck}/"):
            console.read(page)
        console.write(f"/t/acme/runs/{stuck}/kill/", form_at=f"/t/acme/runs/{stuck}/", reason="It hangs.")
        stack.wait_for(lambda: state(stuck) == "killed", what="the kill", seconds=KILLED_WITHIN_SECONDS)
        assert console.slowest_seconds < 2 * PAGE_WITHIN_SECONDS
    proxy.heal()
    proxy.cut()
    stack.wait_for(
        lambda: state(waiting) != "queued", what="the run that waited to go on", seconds=GOES_ON_WITHIN_SECONDS
    )
    stack.wait_for(lambda: state(waiting) == "completed", what="it to end")
    assert_whole(stack, stuck, waiting)


def launched(console: ConsoleClient, llm: str) -> str:
    """Launch a run as a person does; returns its id."""
    answer = console.write(
        "/t/acme/runs/new/",
        agent="support-triage",
        surface="internal-batch",
        task="Where is order 1029?",
        llm=llm,
    )
    return str(answer.url).rstrip("/").rpartition("/")[2]


def state(run_id: str) -> str:
    return Run.objects.values_list("state", flat=True).get(pk=run_id)


def vain_tries(stack: LiveStack) -> int:
    return stack.log("worker").count("Cannot connect to redis")


def assert_whole(stack: LiveStack, *runs: str) -> None:
    for run in Run.objects.filter(pk__in=runs):
        assert list(run.events.order_by("seq").values_list("seq", flat=True)) == list(range(1, run.next_seq))
        assert run.epoch == 1
    verified = stack.manage("verify_ledger")
    assert verified.returncode == 0, verified.stdout + verified.stderr
