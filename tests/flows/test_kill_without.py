"""A kill while Redis is away, and one whose worker is dead: slower, and it stops the run all the same."""

from datetime import UTC, datetime, timedelta

import pytest

from agents.contracts.endings import TERMINAL
from agents.kills import force, kill
from agents.models import EventRow, Run
from budgets.ledger import verify
from budgets.models import Action, Hold
from budgets.prices import set_price
from budgets.pricing import Rates
from tests.harness.freezing import frozen
from tests.harness.live_stack import LiveStack

pytestmark = [pytest.mark.flows, pytest.mark.either_database, pytest.mark.takes(70)]
SLOW = "rehearsal:support-triage+loop+slow=120"
BY_POLL = timedelta(seconds=5)
BY_SWEEP = timedelta(seconds=45)


@pytest.fixture(scope="module")
def stack(live_stack: LiveStack) -> LiveStack:
    rates = Rates.flat(input=2 * 10**9, output=8 * 10**9)
    set_price(llm=SLOW, rates=rates, effective_from=datetime.now(UTC), created_by="test")
    return live_stack


def in_flight(stack: LiveStack, *tasks: str) -> list[Run]:
    """A run for each task, whose LLM has been asked."""
    for task in tasks:
        done = stack.manage("launch", "support-triage", task, "--llm", SLOW)
        assert done.returncode == 0, done.stderr
    asked = EventRow.objects.filter(kind="model.started", run__task__in=tasks)
    stack.wait_for(lambda: asked.count() == len(tasks), what="the runs to ask their LLM")
    return list(Run.objects.filter(task__in=tasks).order_by("task"))


def wait_until_ended(stack: LiveStack, run: Run) -> timedelta:
    """How long after the kill."""
    ended = Run.objects.filter(pk=run.pk, state__in=TERMINAL)
    stack.wait_for(ended.exists, what="the run to end")
    run.refresh_from_db()
    assert run.state == "killed"
    assert run.ended_at is not None
    assert run.kill_requested_at is not None
    return run.ended_at - run.kill_requested_at


def ended_by(run: Run) -> object:
    """Who ended it, as its trace says."""
    return run.events.get(kind="run.ended").data["by"]


def test_a_kill_while_redis_is_away_is_seen_by_the_worker_itself(stack: LiveStack) -> None:
    (run,) = in_flight(stack, "Where is order 1021?")
    stack.kill("redis")
    done = stack.manage("kill", run.pk, "--reason", "it goes in circles")
    assert done.returncode == 0, done.stderr
    assert wait_until_ended(stack, run) <= BY_POLL
    assert run.kill_acknowledged_at is not None
    assert ended_by(run) == "worker"
    stack.start("redis")


def test_a_kill_of_what_a_deaf_worker_holds_is_forced_or_swept_and_stands_when_the_worker_comes_back(
    stack: LiveStack,
) -> None:
    forced, swept = in_flight(stack, "Where is order 1022?", "Where is order 1023?")
    stack.add_worker("second worker")
    with frozen(stack, "worker"):
        for run in (forced, swept):
            assert kill(run=run, actor="test", reason="it goes in circles")
        stack.start("second worker")
        stack.wait_for(lambda: force(run=forced, actor="test", reason="deaf"), what="a worker to count as deaf")
        assert wait_until_ended(stack, swept) <= BY_SWEEP
    for run, by in ((forced, "force"), (swept, "sweeper")):
        run.refresh_from_db()
        assert (ended_by(run), run.kill_acknowledged_at) == (by, None)
        assert run.cost_nanos == sum(hold.settled_nanos or 0 for hold in Hold.objects.of_run(run.pk))
    told = {run.pk: run.next_seq for run in (forced, swept)}
    stack.kill("second worker")
    in_flight(stack, "Where is order 1024?")  # by the one that was deaf
    for run in (forced, swept):
        run.refresh_from_db()
        assert (run.state, run.next_seq) == ("killed", told[run.pk])
        assert not Hold.objects.of_run(run.pk).open().exists()
    assert Action.objects.on_run(forced.pk).filter(verb="run.force").exists()
    assert verify() is None
