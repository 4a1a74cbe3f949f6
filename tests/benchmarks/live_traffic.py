"""Runs that go on all the time, and people who watch them: when each change was committed, and when it was there."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import connections, transaction
from django.utils import timezone
from playwright.sync_api import Page, expect
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from agents.bell import Ringer
from agents.contracts.events import EventKind
from agents.models import Agent, EventRow, Run
from budgets.models import Surface, Tenant

EVENTS_A_COMMIT = 4
"""A turn is recorded in two commits: the answer and what it asks for, then the results and the next question."""
KINDS: tuple[tuple[EventKind, str], ...] = (
    ("model.ended", "m"),
    ("tool.started", "c"),
    ("tool.ended", "c"),
    ("model.started", "n"),
)
ACKNOWLEDGE_SECONDS = 0.2
"""Pages acknowledge what came in quick succession together."""
CURSOR = re.compile(r'<wf-live socket="([^"]+)" seq="(\d+)" epoch="([^"]*)"')
SEQ = re.compile(r'^\{"seq":(\d+),')
MARK = re.compile(r"^mark (\d+)$")
NOTE_MARKS = """() => {
    window.marks = [];
    window.shifts = 0;
    new MutationObserver((changes) => changes.forEach(({ target }) => {
        const cell = target.nodeType === 1 && target.id.endsWith("-doing") ? target : null;
        if (cell) window.marks.push([cell.id.slice(2, -6), cell.textContent, Date.now() / 1000]);
    })).observe(document.body, { childList: true, characterData: true, subtree: true });
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => { window.shifts += entry.value; }))
        .observe({ type: "layout-shift", buffered: false });
}"""
TAKE_MARKS = "() => window.marks.splice(0)"


@dataclass(slots=True)
class Marks:
    """Which mark each run showed at which second; marks count up, and a run shows only the newest."""

    shown: defaultdict[str, list[tuple[int, float]]] = field(default_factory=lambda: defaultdict(list))

    def note(self, run_id: str, text: str, at: float) -> None:
        """Something was shown as what the run is doing."""
        if found := MARK.match(text):
            self.shown[run_id].append((int(found[1]), at))

    def delays_ms(self, committed: list[tuple[int, str, float]]) -> list[float]:
        """For each commit of a run that is watched here: until its mark, or one after it, was shown."""
        delays, place = [], defaultdict[str, int](int)
        for number, run_id, at in committed:
            shown = self.shown.get(run_id, [])
            while place[run_id] < len(shown) and shown[place[run_id]][0] < number:
                place[run_id] += 1
            if place[run_id] < len(shown):
                delays.append((shown[place[run_id]][1] - at) * 1000)
        return delays


class Traffic(threading.Thread):
    """Commits of all runs in turn, so many events a second, each with its hint, as workers send them."""

    def __init__(self, runs: list[Run], *, events_per_second: float) -> None:
        super().__init__(name="traffic", daemon=True)
        self._runs = runs
        self._pause = EVENTS_A_COMMIT / events_per_second
        self._ringer = Ringer()
        self.committed: list[tuple[int, str, float]] = []
        self.done = threading.Event()

    def run(self) -> None:
        self._ringer.start()
        began = time.monotonic()
        number = 0
        while not self.done.wait(max(0.0, began + number * self._pause - time.monotonic())):
            self._commit(self._runs[number % len(self._runs)], number)
            number += 1
        self._ringer.stop()
        connections.close_all()

    def _commit(self, run: Run, number: int) -> None:
        now, first = timezone.now(), run.next_seq
        rows = [
            EventRow(run=run, seq=first + place, kind=kind, at=now, span_id=self._span(kind, letter, number),
                     turn=number, duration_ms=120 if kind.endswith(".ended") else None,
                     data={"llm": "rehearsal:search", "tool": "look_up", "status": "ok", "call_id": f"c{number}"})
            for place, (kind, letter) in enumerate(KINDS)
        ]  # fmt: skip
        run.next_seq += len(rows)
        with transaction.atomic():
            EventRow.objects.bulk_create(rows)
            Run.objects.filter(pk=run.pk).update(
                next_seq=run.next_seq, steps_count=run.next_seq // 2, cost_nanos=run.next_seq * 1_000_000,
                doing=f"mark {number}",
            )  # fmt: skip
        self.committed.append((number, run.pk, time.time()))
        self._ringer.ring([(run.pk, run.tenant_id, run.next_seq - 1)])

    def _span(self, kind: EventKind, letter: str, number: int) -> str:
        """An LLM call that began with the run's commit before ends with this one."""
        begun = number - len(self._runs) if kind == "model.ended" else number
        return f"{max(0, begun):08x}{'n' if letter == 'm' else letter}"


class Crowd(threading.Thread):
    """Sockets that read and acknowledge like pages; a few of them also note what they are shown."""

    def __init__(self, *, origin: str, cookie: str, pages: list[tuple[str, bool]]) -> None:
        super().__init__(name="crowd", daemon=True)
        self._origin, self._cookie, self._pages = origin, cookie, pages
        self.marks: list[Marks] = []
        self.frames = 0
        self.lost = 0
        self.all_there = threading.Event()
        self._waiting = len(pages)
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()

    def run(self) -> None:
        try:
            self._loop.run_until_complete(self._watch_all())
        finally:
            self._loop.close()

    def leave(self) -> None:
        """All go."""
        self._loop.call_soon_threadsafe(self._over.set)
        self.join(20)

    async def _watch_all(self) -> None:
        watching = [asyncio.create_task(self._watch(page, notes=notes)) for page, notes in self._pages]
        await self._over.wait()
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)

    async def _watch(self, page: str, *, notes: bool) -> None:
        found = CURSOR.search(page)
        assert found is not None
        address = f"{self._origin.replace('http', 'ws', 1)}{found[1]}?seq={found[2]}&epoch={found[3]}"
        marks = Marks()
        if notes:
            self.marks.append(marks)
        given = {"Cookie": self._cookie}
        try:
            async with connect(
                address, origin=Origin(self._origin), additional_headers=given, proxy=None, max_size=None
            ) as socket:
                await self._read(socket, marks if notes else None)
        except ConnectionClosed:
            self.lost += 1

    async def _read(self, socket: ClientConnection, marks: Marks | None) -> None:
        said_at = 0.0
        async for message in socket:
            text = str(message)
            if text.startswith('{"beat"'):
                self._arrived()
            if not (frame := SEQ.match(text)):
                continue
            self.frames += 1
            if marks is not None:
                _note(marks, text)
            if time.monotonic() - said_at > ACKNOWLEDGE_SECONDS:
                said_at = time.monotonic()
                await socket.send(f'{{"ack":{frame[1]}}}')

    def _arrived(self) -> None:
        self._waiting -= 1
        if self._waiting <= 0:
            self.all_there.set()


def _note(marks: Marks, text: str) -> None:
    now = time.time()
    for op in json.loads(text)["ops"]:
        if op["op"] == "text" and op["id"].endswith("-doing"):
            marks.note(op["id"][2:-6], op["value"], now)


def live_runs(count: int) -> list[Run]:
    """So many runs of acme that some worker holds."""
    tenant = Tenant.objects.get(slug="acme")
    agent = Agent.objects.get(name="support-triage")
    assert agent.current is not None
    surface, now = Surface.objects.get(tenant=tenant, slug="free-chat"), timezone.now()
    return [
        Run.objects.create(
            tenant=tenant, surface=surface, version=agent.current, agent_name=agent.name, task="Where is order 1029?",
            llm="rehearsal:search", state="running", epoch=1, lease_owner="elsewhere", attempts=1,
            lease_expires_at=now + timedelta(hours=12), launched_by="acme_operator", cap_nanos=5 * 10**9,
            started_at=now,
        )
        for _ in range(count)
    ]  # fmt: skip


def watch(page: Page, address: str) -> None:
    """Open a page, and note from now on what it shows."""
    page.goto(address)
    expect(page.locator("html")).to_have_attribute("data-live", "live", timeout=30_000)
    page.evaluate(NOTE_MARKS)


def collect(page: Page, marks: Marks) -> None:
    """Take over what a page has noted."""
    for run_id, text, at in page.evaluate(TAKE_MARKS):
        marks.note(run_id, text, at)
