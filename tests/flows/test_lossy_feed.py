"""A page's socket is cut at random and three of ten hints are lost: it still gets every event's change once."""

import json
import random
import re
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
import redis
from django.utils import timezone
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage
from websockets.sync.client import connect
from websockets.typing import Origin

from agents.bell import HEADS
from agents.models import Agent, EventRow, Run
from budgets.models import Surface, Tenant
from tests.console.long_run import write_turns
from tests.flows.console_client import signed_in
from tests.harness.faulty_proxy import FaultyProxy
from tests.harness.live_stack import LiveStack

pytestmark = [pytest.mark.flows, pytest.mark.either_database, pytest.mark.timeout(600)]
SEED = 20261122
EVENTS = 10_000
TURNS_AT_ONCE = 5
MOST_BEHIND = 200
"""Events. Whoever misses much more is told to read the page again, which is another test's matter."""
LOST_HINTS, CUTS = 0.3, 0.12
CURSOR = re.compile(r'<wf-live socket="([^"]+)" seq="(\d+)" epoch="([^"]*)"')


class Watcher(threading.Thread):
    """A page that stays open: applies frames that follow on, acknowledges them, and comes back when it is cut off."""

    def __init__(self, *, origin: str, cookie: str, page: str) -> None:
        super().__init__(name="watcher", daemon=True)
        found = CURSOR.search(page)
        assert found is not None
        self._path, self.seq, self._epoch = found[1], int(found[2]), found[3]
        self._origin, self._cookie = origin, cookie
        self.appended: Counter[str] = Counter()
        self.torn: list[tuple[int, int]] = []
        self.rereads = self.connections = 0
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.is_set():
            with suppress(ConnectionClosed, InvalidHandshake, InvalidMessage, OSError, TimeoutError):
                self._watch()

    def _watch(self) -> None:
        address = f"{self._origin.replace('http', 'ws', 1)}{self._path}?epoch={self._epoch}&seq={self.seq}"
        given = {"Cookie": self._cookie}
        with connect(
            address, additional_headers=given, origin=Origin(self._origin), proxy=None, max_size=None
        ) as socket:
            self.connections += 1
            while not self.done.is_set():
                with suppress(TimeoutError):
                    self._take(json.loads(socket.recv(timeout=0.5)))
                    socket.send(json.dumps({"ack": self.seq}))

    def _take(self, frame: dict[str, object]) -> None:
        seq, prev, ops = frame.get("seq"), frame.get("prev"), frame.get("ops")
        if not isinstance(seq, int) or not isinstance(prev, int) or not isinstance(ops, list):
            return  # a heartbeat
        if any(op["op"] == "refetch" and "epoch" in op for op in ops):
            self.rereads += 1
        elif prev != self.seq:
            self.torn.append((self.seq, prev))
        self.appended.update(op["key"] for op in ops if op["op"] == "append")
        self.seq = seq


def test_every_change_comes_once_past_cut_sockets_and_lost_hints(live_stack: LiveStack) -> None:
    dice, run = random.Random(SEED), made()
    with FaultyProxy(live_stack.base_url, seed=SEED) as proxy, signed_in(live_stack) as console:
        page = console.read(f"/t/acme/runs/{run.pk}/")
        watcher = Watcher(origin=proxy.url(), cookie=console.cookies, page=page)
        watcher.start()
        with redis.Redis.from_url(live_stack.redis_url) as bell:
            head = 0
            while head < EVENTS:
                head = write_turns(run, TURNS_AT_ONCE)
                live_stack.wait_for(reached(watcher, head - MOST_BEHIND), what=f"the page to follow (seed {SEED})")
                if dice.random() >= LOST_HINTS:
                    bell.publish(HEADS, json.dumps({"run": run.pk, "tenant": run.tenant_id, "head": head}))
                if dice.random() < CUTS:
                    disturb(proxy, dice)
        proxy.heal()
        live_stack.wait_for(reached(watcher, head), what=f"event {head} to be shown (seed {SEED})")
        watcher.done.set()
        watcher.join(10)
    assert watcher.connections > 10, proxy.counters
    assert (watcher.torn, watcher.rereads) == ([], 0)
    assert [key for key, times in watcher.appended.items() if times > 1] == []
    assert set(watcher.appended) >= spans_of(run)


def disturb(proxy: FaultyProxy, dice: random.Random) -> None:
    """Cut the socket now, or in the middle of what it carries next."""
    if dice.random() < 0.5:
        proxy.cut()
    else:
        proxy.down.cut_after_bytes = dice.randrange(1, 50_000)


def reached(watcher: Watcher, head: int) -> Callable[[], bool]:
    return lambda: watcher.seq >= head


def spans_of(run: Run) -> set[str]:
    """The rows of all calls."""
    calls = EventRow.objects.filter(run=run, kind__in=["model.started", "tool.started"])
    return {f"s-{span}" for span in calls.values_list("span_id", flat=True)}


def made() -> Run:
    """A run that some worker holds for the length of this test."""
    tenant = Tenant.objects.get(slug="acme")
    agent = Agent.objects.get(name="support-triage")
    assert agent.current is not None
    return Run.objects.create(
        tenant=tenant,
        surface=Surface.objects.get(tenant=tenant, slug="free-chat"),
        version=agent.current,
        agent_name=agent.name,
        task="Where is order 1029?",
        llm="rehearsal:search",
        state="running",
        epoch=1,
        lease_owner="elsewhere",
        lease_expires_at=timezone.now() + timedelta(hours=1),
        attempts=1,
        launched_by="acme_operator",
        cap_nanos=5 * 10**12,
        started_at=timezone.now(),
    )
