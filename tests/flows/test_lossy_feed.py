"""Sockets are cut at random and three of ten hints are lost: pages still get every event's change once."""

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
from playwright.sync_api import Browser, Page, ViewportSize, expect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage
from websockets.sync.client import connect
from websockets.typing import Origin

from agents.bell import HEADS
from agents.models import Agent, EventRow, Run
from budgets.models import Surface, Tenant
from console.live.ops import Op, run_cells, span_cells
from console.live.trace import fold
from tests.console.long_run import write_turns
from tests.flows.console_client import signed_in
from tests.flows.console_page import ConsolePage
from tests.harness.faulty_proxy import FaultyProxy
from tests.harness.live_stack import LiveStack

pytestmark = [pytest.mark.flows, pytest.mark.either_database, pytest.mark.takes(100)]
SEED = 20261122
EVENTS = 10_000
TURNS_AT_ONCE = 10
MOST_BEHIND = 220
"""Events. Whoever misses much more is told to read the page again, which is another test's matter."""
LOST_HINTS, CUTS = 0.3, 0.25
TURNS_AT_FIRST = 25
"""More rows than a window shows: who reads the first ones is not taken along to the last, and keeps them all."""
TWO_PAGES: ViewportSize = {"width": 1440, "height": 900}
NOTES = """() => {
    scrollTo(0, 0);
    window.rows = document.getElementById("trace-rows");
    window.added = window.rows.children.length ? [...window.rows.children].map((row) => row.id) : [];
    window.removed = 0;
    new MutationObserver((changes) => changes.forEach((change) => {
        window.added.push(...[...change.addedNodes].map((row) => row.id));
        window.removed += change.removedNodes.length;
    })).observe(window.rows, { childList: true });
}"""
SHOWN = """(ids) => ids.map((id) => document.getElementById(id)?.textContent.trim() ?? null)"""
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


def test_every_change_comes_once_past_cut_sockets_and_lost_hints(live_stack: LiveStack, browser: Browser) -> None:
    dice, run = random.Random(SEED), made()
    head = write_turns(run, TURNS_AT_FIRST)
    of_run, of_list = f"/t/acme/runs/{run.pk}/", "/t/acme/runs/"
    with FaultyProxy(live_stack.base_url, seed=SEED) as proxy, signed_in(live_stack) as console:
        pages = opened(browser, live_stack, proxy.url(), of_run, of_list)
        watchers = [
            Watcher(origin=proxy.url(), cookie=console.cookies, page=console.read(path)) for path in (of_run, of_list)
        ]
        for watcher in watchers:
            watcher.start()
        with redis.Redis.from_url(live_stack.redis_url) as bell:
            while head < EVENTS:
                head = write_turns(run, TURNS_AT_ONCE)
                follow = reached(watchers[0], pages[0], head - MOST_BEHIND)
                live_stack.wait_for(follow, what=f"the pages to follow (seed {SEED})")
                if dice.random() >= LOST_HINTS:
                    bell.publish(HEADS, json.dumps({"run": run.pk, "tenant": run.tenant_id, "head": head}))
                if dice.random() < CUTS:
                    disturb(proxy, dice)
        proxy.heal()
        live_stack.wait_for(reached(watchers[0], pages[0], head), what=f"event {head} to be shown (seed {SEED})")
        expect_cells(pages[1], run_cells(Run.objects.get(pk=run.pk)))
        for watcher in watchers:
            watcher.done.set()
            watcher.join(60)
    expect_whole_trace(pages[0], run)
    pages[0].context.close()
    assert min(watcher.connections for watcher in watchers) > 10, proxy.counters
    assert [(watcher.torn, watcher.rereads) for watcher in watchers] == [([], 0)] * 2
    assert [key for key, times in watchers[0].appended.items() if times > 1] == []
    assert set(watchers[0].appended) >= spans_of(run, after=TURNS_AT_FIRST)


def opened(browser: Browser, stack: LiveStack, through: str, *paths: str) -> list[Page]:
    """Pages of one person that come and are kept up to date by way of the proxy."""
    context = browser.new_context(viewport=TWO_PAGES)
    ConsolePage(context.new_page(), stack)
    pages = [context.new_page() for _ in paths]
    for page, path in zip(pages, paths, strict=True):
        page.goto(f"{through}{path}")
        expect(page.locator("html")).to_have_attribute("data-live", "live")
    pages[0].evaluate(NOTES)
    return pages


def expect_whole_trace(page: Page, run: Run) -> None:
    """Every row is there, once and in its place, and says what the events say."""
    spans = fold(row.to_event() for row in EventRow.objects.filter(run=run).order_by("seq").iterator())
    ids = [f"s-{span.span_id}" for span in spans]
    assert page.evaluate("document.getElementById('trace-rows') === window.rows"), "the trace was read again"
    assert page.evaluate("window.added") == ids
    assert page.evaluate("window.removed") == 0
    assert page.evaluate("[...window.rows.children].map((row) => row.id)") == ids
    expect_cells(page, [op for span in spans for op in span_cells(span)])


def expect_cells(page: Page, cells: list[Op]) -> None:
    """The page shows what these ops would have it show."""
    told = {str(op["id"]): str(op["value"]) for op in cells if op["op"] == "text"}
    there = [element for element in told if page.locator(f"[id='{element}']").count()] if len(told) < 50 else list(told)
    for element in there[:3]:
        expect(page.locator(f"[id='{element}']")).to_have_text(told[element])
    assert there
    assert dict(zip(there, page.evaluate(SHOWN, there), strict=True)) == {each: told[each].strip() for each in there}


def disturb(proxy: FaultyProxy, dice: random.Random) -> None:
    """Cut the socket now, or in the middle of what it carries next."""
    if dice.random() < 0.5:
        proxy.cut()
    else:
        proxy.down.cut_after_bytes = dice.randrange(1, 50_000)


def reached(watcher: Watcher, page: Page, head: int) -> Callable[[], bool]:
    return lambda: watcher.seq >= head and page.evaluate("document.querySelector('wf-live').seq") >= head


def spans_of(run: Run, *, after: int) -> set[str]:
    """The rows of all calls after that turn."""
    calls = EventRow.objects.filter(run=run, turn__gt=after, kind__in=["model.started", "tool.started"])
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
