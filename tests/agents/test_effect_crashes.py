"""A worker process dies in the middle of tool calls: without a key nothing is sent again, with one it counts once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from celery import Celery
from django.conf import settings
from pydantic import JsonValue
from pytest_django.plugin import DjangoDbBlocker

from agents import effects, enqueue
from agents.kills import kill
from agents.library.sync import keep_version
from agents.lifecycle import launch
from agents.models import Agent, Effect, Run
from agents.sweeper import JITTER, SWEEP_SECONDS
from budgets.ledger import verify
from budgets.models import Surface
from budgets.prices import set_price
from budgets.pricing import Rates
from tests.agents import post_room
from tests.agents.post_room import FarEnd
from tests.harness.databases import StackDatabases
from tests.harness.fixtures import running_stack
from tests.harness.live_stack import LiveStack

pytestmark = pytest.mark.database
AT_THE_NEXT_SWEEP_SECONDS = SWEEP_SECONDS * (1 - JITTER)


@pytest.fixture(scope="module")
def stack(
    stack_databases: StackDatabases, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[LiveStack]:
    """A stack whose agent writes letters; its far end hangs from the start."""
    var = tmp_path_factory.mktemp("post-room")
    library = {"WATCHFLOOR_LIBRARY": post_room.__name__}
    with (
        running_stack(stack_databases, var, django_db_blocker, **library) as started,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(settings, "REDIS_URL", started.redis_url)
        patch.setattr(enqueue, "current_app", Celery(broker=started.redis_url, set_as_current=False))
        for spec in post_room.AGENTS:
            keep_version(spec=spec)
        set_price(
            llm=post_room.LLM,
            rates=Rates.flat(input=2 * 10**9, output=8 * 10**9),
            effective_from=datetime(2026, 1, 1, tzinfo=UTC),
            created_by="test",
        )
        FarEnd(var).hang.touch()
        yield started


@pytest.fixture(scope="module")
def far_end(stack: LiveStack) -> FarEnd:
    return FarEnd(stack.var)


def launched(task: str) -> Run:
    """A run before the worker."""
    surface = Surface.objects.select_related("tenant").get(tenant__slug="acme", slug="internal-batch")
    agent = Agent.objects.get(name=post_room.NAME)
    return launch(tenant=surface.tenant, surface=surface, agent=agent, task=task, actor="acme_operator")


@pytest.fixture(scope="module")
def crashed(stack: LiveStack, far_end: FarEnd) -> dict[str, Run]:
    """Runs by the name of their letter. Their worker was killed in the middle of each call, and another has come."""
    tasks = {"ann": "shout ann", "bob": "shout bob before", "cid": "send cid", "dan": "shout dan"}
    runs = {to: launched(task) for to, task in tasks.items()}
    runs["eve"] = launched("share eve")
    stack.wait_for(lambda: all(far_end.came(to) for to in runs), what="each call to be under way")
    runs["late eve"] = launched("share eve")
    waits = Run.objects.filter(pk=runs["late eve"].pk, state="waiting_resolution")
    stack.wait_for(waits.exists, what="the second run to wait for the first one's call")
    kill(run=runs["dan"], actor="acme_operator", reason="enough")
    killed = Run.objects.filter(pk=runs["dan"].pk, state="killed")
    stack.wait_for(killed.exists, what="the kill to cut the call")
    stack.kill("worker")
    far_end.hang.unlink()
    # Its leases would run out within half a minute; nothing else about the death is made easier.
    Run.objects.filter(state="running").update(lease_expires_at=datetime.now(UTC) - timedelta(seconds=1))
    stack.start("worker")
    settled = Run.objects.exclude(state__in=("queued", "running", "kill_requested"))
    late = Run.objects.filter(pk=runs["late eve"].pk, state="completed")
    stack.wait_for(lambda: settled.count() == len(runs) and late.exists(), what="all runs to settle")
    return {to: Run.objects.get(pk=run.pk) for to, run in runs.items()}


def effect_of(run: Run) -> Effect:
    return Effect.objects.get(run=run)


def resolved(stack: LiveStack, run: Run, word: effects.Word, result: JsonValue = None) -> float:
    """Say what became of its call; how many seconds later a worker went on with the run."""
    assert effects.resolve(
        effect=effect_of(run), outcome=word, actor="acme_approver", reason="I looked.", result=result
    )
    stack.wait_for(Run.objects.filter(pk=run.pk, state="completed").exists, what="the run to complete")
    said, claimed = (run.events.filter(kind=kind).order_by("-seq")[0] for kind in ("effect.resolved", "run.claimed"))
    return (claimed.at - said.at).total_seconds()


def test_a_call_without_a_key_is_not_sent_again_and_waits_for_a_person(
    stack: LiveStack, far_end: FarEnd, crashed: dict[str, Run]
) -> None:
    run = crashed["ann"]
    assert (run.state, effect_of(run).state) == ("waiting_resolution", "unknown")
    assert len(far_end.lines("ann")) == 1
    waited = resolved(stack, run, "happened", {"sent_to": "ann", "seen": True})
    run.refresh_from_db()
    assert run.answer == 'It said: {"seen": true, "sent_to": "ann"}'
    assert (len(far_end.lines("ann")), far_end.came("ann")) == (1, 1)
    assert waited < AT_THE_NEXT_SWEEP_SECONDS


def test_a_call_that_had_not_happened_is_made_again_when_a_person_wants_it(
    stack: LiveStack, far_end: FarEnd, crashed: dict[str, Run]
) -> None:
    run = crashed["bob"]
    assert (run.state, far_end.lines("bob"), far_end.came("bob")) == ("waiting_resolution", [], 1)
    resolved(stack, run, "again")
    assert (len(far_end.lines("bob")), far_end.came("bob")) == (1, 2)
    assert effect_of(run).state == "succeeded"


def test_a_call_with_a_key_goes_again_under_it_and_happens_once(far_end: FarEnd, crashed: dict[str, Run]) -> None:
    run = crashed["cid"]
    assert (run.state, run.epoch, effect_of(run).state) == ("completed", 2, "succeeded")
    assert len(far_end.lines("cid")) == 2
    assert list(far_end.happened("cid").values()) == [1]


def test_a_call_that_a_kill_cut_stays_open_though_its_run_has_ended(far_end: FarEnd, crashed: dict[str, Run]) -> None:
    run = crashed["dan"]
    assert (run.state, effect_of(run).state) == ("killed", "unknown")
    assert effects.resolve(effect=effect_of(run), outcome="given_up", actor="acme_operator", reason="too late")
    run.refresh_from_db()
    assert (run.state, effect_of(run).outcome, len(far_end.lines("dan"))) == ("killed", "given_up", 1)


def test_of_two_runs_that_make_one_call_the_second_takes_the_result_of_the_first(
    far_end: FarEnd, crashed: dict[str, Run]
) -> None:
    first, second = crashed["eve"], crashed["late eve"]
    assert (first.state, second.state, second.answer) == ("completed", "completed", first.answer)
    assert list(far_end.happened("eve").values()) == [1]
    assert second.events.filter(kind="call.deduped").count() == 1


def test_the_money_and_the_traces_of_all_of_them_add_up(crashed: dict[str, Run]) -> None:
    for run in crashed.values():
        run.refresh_from_db()
        assert list(run.events.order_by("seq").values_list("seq", flat=True)) == list(range(1, run.next_seq))
    assert verify() is None
