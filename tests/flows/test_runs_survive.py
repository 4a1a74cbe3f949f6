"""Workers are killed, stopped, shut down and brought down by their own runs; no run is lost, doubled or cut off.

One Redis, one database and several workers play all of it, so that what must be waited for is waited for together.
The tests then read what is on record.
"""

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from django.db import connections, transaction
from pytest_django.plugin import DjangoDbBlocker

from agents import enqueue
from agents.contracts.endings import TERMINAL
from agents.contracts.steps import SCHEMA_VERSION, NoteStep
from agents.models import EventRow, Run
from budgets.ledger import verify
from budgets.models import Hold
from tests.agents.test_checkpoints import with_steps
from tests.harness.databases import StackDatabases
from tests.harness.drill import LLM
from tests.harness.drill_desk import broker, furnish, launch_drills, variables
from tests.harness.fixtures import rows_of
from tests.harness.freezing import freeze, thaw
from tests.harness.gated_vendor import GatedVendor, gated_vendor
from tests.harness.live_stack import LiveStack

pytestmark = [pytest.mark.flows, pytest.mark.takes(180)]
SHORT_LEASE_SECONDS = "4"
DOOMED = ("first", "second")
RESUMED_WITHIN_SECONDS = 45
STRANDED_AT_MOST_SECONDS = 15
LIVE_RUNS = 100
DELIVERIES = 5


@dataclass
class Story:
    """The stage of all scenes, and what was seen in them."""

    stack: LiveStack
    vendor: GatedVendor
    runs: dict[str, list[str]] = field(default_factory=dict)
    killed_at: datetime | None = None
    redis_back_at: datetime | None = None
    frozen_seq: dict[str, int] = field(default_factory=dict)
    dead_workers: list[str] = field(default_factory=list)

    def launch(self, scene: str, script: str, count: int = 1) -> list[str]:
        """Launch runs whose LLM says what the script says."""
        made = launch_drills(scene, script, count, start=len(self.runs.get(scene, ())))
        self.runs.setdefault(scene, []).extend(made)
        return made

    def of(self, scene: str) -> list[Run]:
        """The runs of a scene as they are now."""
        return list(Run.objects.filter(pk__in=self.runs[scene]).order_by("created_at"))

    def wait(self, holds: Callable[[], object], what: str, seconds: float = 60) -> None:
        """Look until something holds; else say where all runs stand."""
        try:
            self.stack.wait_for(holds, what=what, seconds=seconds)
        except AssertionError as late:
            stand = Counter(Run.objects.filter(agent_name="drill").values_list("state", "attempts", "lease_owner"))
            raise AssertionError(f"{late}; runs: {stand}; waiting: {self.vendor.waiting}") from late

    def wait_at(self, gate: str, count: int) -> None:
        """Wait until so many requests stand at a gate."""
        self.wait(lambda: self.vendor.waiting[gate] == count, f"{count} runs to wait at {gate}", 120)

    def wait_for_the_end_of(self, worker: str) -> None:
        """Wait until a process has ended."""
        self.wait(lambda: self.stack.exit_code(worker) is not None, f"{worker} to end")

    def wait_all(self, scene: str, seconds: float = 90) -> None:
        """Wait until all runs of a scene have ended."""
        self.wait(lambda: all(run.state in TERMINAL for run in self.of(scene)), f"the runs of {scene} to end", seconds)

    def holder_of(self, run: Run, *workers: str) -> str:
        """Which of these workers holds a run."""
        pid = int(run.lease_owner.rpartition(":")[2])
        return next(name for name in workers if self.stack.pid(name) == pid)


@pytest.fixture(scope="module")
def story(
    stack_databases: StackDatabases, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[Story]:
    """Everything that happens, in this order."""
    var = tmp_path_factory.mktemp("survivors")
    given = stack_databases.copy(var=var)
    with gated_vendor() as (vendor, url), rows_of(given, var=var, blocker=django_db_blocker):
        stack = LiveStack(var=var, environment={**given, "COMPATIBLE_BASE_URL": url})
        try:
            stack.start("redis")
            with broker(stack.redis_url), variables(COMPATIBLE_BASE_URL=url):
                told = Story(stack, vendor)
                furnish()
                play(told)
                yield told
        finally:
            stack.end()


def play(story: Story) -> None:
    """All scenes; the leases of the first one run out while the others are played."""
    for name in ("one", "two", "first", "second"):
        story.stack.add_worker(name, threads=8 if name in DOOMED else 128)
    story.stack.start("one", "two", *DOOMED)
    restart_in_turn(story)
    kill_one_and_freeze_one(story)
    lose_messages(story)
    deliver_many_times(story)
    hand_back_what_is_too_new(story)
    take_over_and_thaw(story)
    take_redis_away(story)
    bring_workers_down(story)


def kill_one_and_freeze_one(story: Story) -> None:
    """Two workers with the usual lease wait in LLM calls; one is killed, the other one stands still."""
    stack, owners = story.stack, dict[str, str]()
    while not set(owners.values()).issuperset(DOOMED):
        story.launch("cut", "note answer@cut")
        story.wait_at("cut", len(story.runs["cut"]))
        owners = {run.pk: story.holder_of(run, "one", "two", *DOOMED) for run in story.of("cut")}
    story.runs["killed"] = [pk for pk, name in owners.items() if name == "first"]
    story.runs["frozen"] = [pk for pk, name in owners.items() if name == "second"]
    stack.kill("first")
    story.killed_at = datetime.now(UTC)
    freeze(stack, "second")


def lose_messages(story: Story) -> None:
    """A launch dies before it sends its message; a worker dies, and one stands still, with a message in hand."""
    with variables(WATCHFLOOR_FAULT="before:message"):
        task = "answer crashed-launch"
        done = story.stack.manage("launch", "drill", task, "--tenant", "acme", "--llm", LLM)
    assert done.returncode == -signal.SIGKILL, done.stderr
    story.runs["lost"] = [Run.objects.get(task=task).pk]
    story.stack.add_worker("doomed", WATCHFLOOR_FAULT="before:claim")
    story.stack.start_to_die("doomed")
    while story.stack.exit_code("doomed") is None:
        story.launch("lost", "answer")
        time.sleep(0.1)
    story.wait_all("lost")


def deliver_many_times(story: Story) -> None:
    """Each message comes five times, from several threads."""
    runs = story.launch("doubled", "note note answer", 20)
    with ThreadPoolExecutor(4) as senders:
        list(senders.map(enqueue.enqueue, runs * (DELIVERIES - 1)))
    connections.close_all()
    story.wait_all("doubled")


def hand_back_what_is_too_new(story: Story) -> None:
    """A run that a newer release has worked on comes to workers that cannot read it; then one comes that can."""
    with transaction.atomic():
        (run_id,) = story.launch("newer", "answer")
        steps = with_steps(Run.objects.get(pk=run_id), NoteStep(text="from the future")).steps
        steps.update(schema_version=SCHEMA_VERSION + 1)
    story.wait(lambda: EventRow.objects.filter(run_id=run_id, kind="run.handed_on").exists(), "it to be handed back")
    steps.update(schema_version=SCHEMA_VERSION)


def restart_in_turn(story: Story) -> None:
    """A hundred live runs, and both workers are stopped politely and started again, one after the other."""
    stack, vendor = story.stack, story.vendor
    story.launch("rolled", "note@g1 note@g2 answer@g3", LIVE_RUNS)
    story.wait_at("g1", LIVE_RUNS)
    for worker, gate, following in (("one", "g1", "g2"), ("two", "g2", "g3")):
        stack.signal(worker, signal.SIGTERM)
        vendor.open(gate)
        story.wait_for_the_end_of(worker)
        story.wait_at(following, LIVE_RUNS)
        stack.start(worker)
    vendor.open("g3")
    story.wait_all("rolled")


def take_over_and_thaw(story: Story) -> None:
    """The leases of the first scene run out; the frozen worker wakes and hears its answers late."""
    frozen, killed = story.runs["frozen"], story.runs["killed"]
    story.wait(
        lambda: (
            Run.objects.filter(pk__in=[*frozen, *killed], epoch=2, state="running").count() == len(frozen + killed)
            and story.vendor.waiting["cut"] >= len(frozen + killed)
        ),
        "the runs of the dead and of the frozen worker to be taken over",
    )
    story.frozen_seq = {run.pk: run.next_seq for run in Run.objects.filter(pk__in=frozen)}
    story.vendor.open("cut")
    thaw(story.stack, "second")
    story.wait_all("cut")
    story.launch("thawed", "answer")
    story.stack.signal("second", signal.SIGTERM)
    story.wait_for_the_end_of("second")
    story.wait_all("thawed")
    story.wait_all("newer")


def take_redis_away(story: Story) -> None:
    """Runs are launched while there is no Redis, for long enough that both workers look for it more than once."""
    story.stack.kill("redis")
    looked = {name: story.stack.log(name).count("Cannot connect") for name in ("one", "two")}
    story.launch("away", "answer", 5)
    story.wait(
        lambda: all(story.stack.log(name).count("Cannot connect") >= before + 3 for name, before in looked.items()),
        "both workers to look for Redis in vain",
    )
    story.stack.start("redis")
    story.redis_back_at = datetime.now(UTC)
    story.wait_all("away")


def bring_workers_down(story: Story) -> None:
    """A run kills whoever takes it, as often as it is allowed to; others are at work at the same time."""
    for name in ("one", "two"):
        story.stack.signal(name, signal.SIGTERM)
    workers = ["three", "four", "five", "six"]
    for name in workers:
        story.stack.add_worker(name, WATCHFLOOR_LEASE_SECONDS=SHORT_LEASE_SECONDS)
    story.stack.start(*workers)
    story.wait(lambda: None not in map(story.stack.exit_code, ("one", "two")), "the long leases to be gone")
    story.launch("poison", "crash answer")
    story.launch("beside", "note note answer", 8)
    story.wait_all("poison", seconds=90)
    story.dead_workers = [name for name in workers if story.stack.exit_code(name) is not None]
    story.wait_all("beside")


def kinds_of(run: Run) -> list[str]:
    """The kinds of a run's events in order."""
    return list(run.events.order_by("seq").values_list("kind", flat=True))


def assert_one_stream(run: Run) -> None:
    """No hole and nothing twice: each sequence number once, each span ended at most once."""
    events = list(run.events.order_by("seq"))
    assert [event.seq for event in events] == list(range(1, run.next_seq))
    ended = [(event.kind, event.span_id) for event in events if event.kind in ("model.ended", "tool.ended")]
    assert len(ended) == len(set(ended))


def test_runs_of_a_killed_worker_go_on_within_45_seconds(story: Story) -> None:
    assert story.killed_at is not None
    waits = []
    for run in story.of("killed"):
        assert (run.state, run.epoch, run.attempts) == ("completed", 2, 0), run.reason
        claims = run.events.filter(kind="run.claimed").order_by("seq")
        waits.append((claims[1].at - story.killed_at).total_seconds())
        assert story.vendor.asked[run.task, 0] == 1, "a recorded answer is not asked for again"
        assert story.vendor.asked[run.task, 1] == 2
        assert kinds_of(run).count("tool.started") == 1
        holds = Hold.objects.filter(run_id=run.pk).order_by("opened_at")
        assert [(hold.state, hold.unreconciled) for hold in holds] == [
            ("settled", False),
            ("settled", True),
            ("settled", False),
        ]
        assert_one_stream(run)
    print(f"\nresumed {max(waits):.1f} s after SIGKILL, at most {RESUMED_WITHIN_SECONDS}")
    assert max(waits) <= RESUMED_WITHIN_SECONDS


def test_a_worker_that_stood_still_writes_nothing_under_its_old_epoch(story: Story) -> None:
    for run in story.of("frozen"):
        assert (run.state, run.epoch) == ("completed", 2), run.reason
        assert_one_stream(run)
        events = list(run.events.order_by("seq"))
        second = [index for index, event in enumerate(events) if event.kind == "run.claimed"][1]
        before = {event.span_id for event in events[:second]} - {""}
        assert before.isdisjoint({event.span_id for event in events[second:]})
    assert {run.state for run in story.of("thawed")} == {"completed"}


def test_no_run_is_stranded_when_its_message_is_lost(story: Story) -> None:
    waited = {run.task: (run.started_at or datetime.now(UTC)) - run.created_at for run in story.of("lost")}
    longest = max(each.total_seconds() for each in waited.values())
    print(f"\nlongest wait for a worker {longest:.1f} s, at most {STRANDED_AT_MOST_SECONDS}")
    assert longest <= STRANDED_AT_MOST_SECONDS, waited
    assert {run.state for run in story.of("lost")} == {"completed"}


def test_runs_that_were_launched_without_redis_start_soon_after_its_return(story: Story) -> None:
    assert story.redis_back_at is not None
    waits = [(run.started_at - story.redis_back_at).total_seconds() for run in story.of("away") if run.started_at]
    assert len(waits) == len(story.runs["away"])
    print(f"\nstarted {max(waits):.1f} s after Redis came back, at most {STRANDED_AT_MOST_SECONDS}")
    assert 0 < max(waits) <= STRANDED_AT_MOST_SECONDS


def test_a_message_that_comes_five_times_has_one_holder_and_one_stream(story: Story) -> None:
    for run in story.of("doubled"):
        assert (run.state, run.epoch, kinds_of(run).count("run.claimed")) == ("completed", 1, 1)
        assert {story.vendor.asked[run.task, number] for number in range(3)} == {1}
        assert_one_stream(run)


def test_a_run_of_a_newer_release_is_handed_back_and_does_not_fail(story: Story) -> None:
    (run,) = story.of("newer")
    handed = list(run.events.filter(kind__in=("run.claimed", "run.handed_on")).order_by("seq"))
    assert (run.state, run.attempts) == ("completed", 0), run.reason
    assert "newer release" in str(handed[1].data["reason"])
    claims = [event.at for event in handed if event.kind == "run.claimed"]
    assert all((later - earlier).total_seconds() > 10 for earlier, later in pairwise(claims))


def test_a_rolling_restart_hands_runs_on_between_steps_and_burns_no_attempt(story: Story) -> None:
    runs = story.of("rolled")
    assert len(runs) == LIVE_RUNS
    handed = 0
    for run in runs:
        assert (run.state, run.attempts) == ("completed", 0), run.reason
        assert [event.data["attempt"] for event in run.events.filter(kind="run.claimed")] == [1] * run.epoch
        assert {story.vendor.asked[run.task, number] for number in range(3)} == {1}, "no call was made twice"
        handed += kinds_of(run).count("run.handed_on")
        assert_one_stream(run)
    assert handed >= LIVE_RUNS // 2
    assert not Hold.objects.filter(run_id__in=[run.pk for run in runs], unreconciled=True).exists()


def test_a_run_that_kills_its_worker_each_time_is_dead_after_three_and_others_go_on(story: Story) -> None:
    (poison,) = story.of("poison")
    assert (poison.state, poison.reason) == ("dead", "Its worker died 3 times.")
    assert len(story.dead_workers) == 3
    assert story.vendor.asked[poison.task, 0] == 1
    assert_one_stream(poison)
    assert {run.state for run in story.of("beside")} == {"completed"}
    for run in story.of("beside"):
        assert_one_stream(run)


def test_in_the_end_no_money_is_held_and_every_balance_is_its_ledger(story: Story) -> None:
    for scene in story.runs:
        assert all(run.state in TERMINAL for run in story.of(scene))
    assert not Hold.objects.open().exists()
    assert verify() is None
