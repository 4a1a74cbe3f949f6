"""The hub, one a web process: reads new rows once and hands the same text to every socket that watches."""

import asyncio
import logging
import secrets
import time
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from django.utils import timezone

from agents.writing import Piece
from console.live import reading
from console.live.audience import Audience
from console.live.bell import Bell
from console.live.ear import Ear
from console.live.gate import Gate
from console.live.overview_feed import OverviewFeed
from console.live.run_feed import RunFeed
from console.live.tenant_feed import TenantFeed
from console.live.threads import in_thread
from console.live.tools_feed import ToolsFeed
from console.live.viewer import Viewer
from console.live.written import Written

TICK_SECONDS = 0.05
MOMENT_SECONDS = 0.025
"""What a worker commits in one breath (a call, and at once its result) goes out together."""
RUN_PAUSE_SECONDS = 0.25
WANTED_SECONDS = 60.0
TOOLS_SECONDS = 1.0

logger = logging.getLogger(__name__)


class Position(NamedTuple):
    """A cursor of the runs list, read before the rows that it goes with; epoch "" when there is none yet."""

    epoch: str
    seq: int


class WatchedRun:
    """A run's feed, who watches it, and what its LLM is writing now."""

    def __init__(self, run_id: str) -> None:
        self.feed = RunFeed(run_id)
        self.audience = Audience()
        self.written = Written()


class WatchedTenant:
    """A tenant's feed, who watches it, and until when pages that were just painted may still connect."""

    def __init__(self, since: datetime) -> None:
        self.feed = TenantFeed(since)
        self.audience = Audience()
        self.wanted_until = 0.0
        self.resting = False

    def want(self) -> None:
        """A page was painted, or a socket was closed and may come back."""
        self.wanted_until = time.monotonic() + WANTED_SECONDS
        self.resting = False

    def wanted(self) -> bool:
        return bool(self.audience) or time.monotonic() < self.wanted_until

    def rest_if_unwanted(self) -> None:
        """From now on hints may be missed: a page that comes back later reads its rows again."""
        if not self.resting and not self.wanted():
            self.resting = True
            self.feed.skip()


class Looked:
    """A feed that nobody rings for, who watches it, and the look at the rows that goes on as long as anybody does."""

    def __init__(self, feed: "ToolsFeed | OverviewFeed") -> None:
        self.feed = feed
        self.audience = Audience()
        self.looking: asyncio.Task[None] | None = None


Watched = WatchedRun | WatchedTenant | Looked


class Hub:
    """Lives on the web server's event loop; `position` alone may be called from any thread."""

    def __init__(self, redis_url: str) -> None:
        self.boot = secrets.token_hex(8)
        self.bell = Bell(redis_url, self.hear, self.look)
        self.ear = Ear(redis_url, self.hear_text)
        self.gate = Gate()
        self.runs: dict[str, WatchedRun] = {}
        self.tenants: dict[int, WatchedTenant] = {}
        self.tools = Looked(ToolsFeed())
        self.overviews: dict[int, Looked] = {}
        self._dirty: dict[str, int] = {}
        self._heads: dict[str, int] = {}
        self._flushed_at: dict[str, float] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._ring = asyncio.Event()
        self._lock = asyncio.Lock()

    def start(self) -> None:
        """Begin to listen, once."""
        if not self._tasks:
            work = (self.bell.run(), self.ear.run(), self.gate.run(), self._flush_when_rung())
            self._tasks = [asyncio.create_task(each) for each in work]

    async def stop(self) -> None:
        """End what `start` began."""
        looking = [each.looking for each in (self.tools, *self.overviews.values()) if each.looking]
        tasks = [*self._tasks, *looking]
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
        self._tasks, self.tools.looking = [], None
        self.overviews.clear()

    def position(self, tenant_id: int) -> Position:
        """Where the tenant's list stands now; from here on its changes are kept for the page to come."""
        if self.bell.mode == "starting":
            return Position("", 0)
        watched = self.tenants.setdefault(tenant_id, WatchedTenant(timezone.now()))
        watched.want()
        return Position(self.boot, watched.feed.seq)

    def position_of_tools(self) -> Position:
        """Where the breakers stand, as far as anybody has looked in this process."""
        return Position(self.boot, self.tools.feed.seq)

    def position_of_overview(self, tenant_id: int) -> Position:
        """Where the tenant's Overview stands, as far as anybody has looked in this process."""
        watched = self.overviews.get(tenant_id)
        return Position(self.boot, watched.feed.seq if watched else 0)

    def hear(self, run_id: str, tenant_id: int, head: int) -> None:
        """A hint: the run has come as far as ``head``."""
        self._heads[run_id] = head
        self._dirty[run_id] = tenant_id
        self._ring.set()

    async def hear_text(self, run_id: str, piece: Piece) -> None:
        """What the run's LLM has written since the last piece, for all who watch and have read the piece before."""
        watched = self.runs.get(run_id)
        if watched and not watched.feed.has_ended(piece.span_id):
            watched.written.take(piece)
            for viewer in list(watched.audience.viewers):
                await _hand_text(watched, viewer)

    async def look(self) -> None:
        """Compare what is watched with the rows: hints may be lost."""
        for watched in list(self.tenants.values()):
            watched.rest_if_unwanted()
        tenants = [tenant_id for tenant_id, watched in list(self.tenants.items()) if watched.wanted()]
        if not tenants and not self.runs:
            return
        heads = await in_thread(reading.heads, tenants, list(self.runs))
        for head in heads:
            if self._heads.get(head.run_id) != head.seq:
                self.hear(head.run_id, head.tenant_id, head.seq)
        self._heads = {head.run_id: head.seq for head in heads}

    # Who comes and goes ---------------------------------------------------------------------------

    async def join_run(self, viewer: Viewer, run_id: str, epoch: str, seq: int) -> None:
        """Bring a page of the run to the present and keep it there."""
        async with self._lock:
            watched = self.runs.setdefault(run_id, WatchedRun(run_id))
            await self._advance(watched)
            await self._welcome(watched, viewer, seq, known=watched.feed.knows(epoch, seq))
            await _hand_text(watched, viewer)
            self.ear.listen_to(set(self.runs))

    async def join_tenant(self, viewer: Viewer, tenant_id: int, epoch: str, seq: int) -> None:
        """Bring a page of the runs list to the present and keep it there."""
        async with self._lock:
            watched = self.tenants.setdefault(tenant_id, WatchedTenant(timezone.now()))
            known = epoch == self.boot and watched.feed.knows(seq)
            watched.resting = False
            await self._welcome(watched, viewer, seq, known=known)

    async def join_tools(self, viewer: Viewer, epoch: str, seq: int) -> None:
        """Bring a page with breakers to the present and keep it there."""
        await self._join_looked(self.tools, viewer, epoch, seq)

    async def join_overview(self, viewer: Viewer, tenant_id: int, epoch: str, seq: int) -> None:
        """Bring an Overview to the present and keep it there."""
        watched = self.overviews.setdefault(tenant_id, Looked(OverviewFeed(tenant_id)))
        await self._join_looked(watched, viewer, epoch, seq)

    async def _join_looked(self, watched: Looked, viewer: Viewer, epoch: str, seq: int) -> None:
        async with self._lock:
            await self._look_at(watched)
            known = epoch == self.boot and watched.feed.knows(seq)
            await self._welcome(watched, viewer, seq, known=known)
        if watched.looking is None or watched.looking.done():
            watched.looking = asyncio.create_task(self._look_on_at(watched))

    async def leave(self, viewer: Viewer) -> None:
        """The socket is closed. A page that is just joining must not have its feed dropped under it."""
        async with self._lock:
            for watched in self._watched():
                if viewer in watched.audience.viewers:
                    watched.audience.viewers.discard(viewer)
                    if isinstance(watched, WatchedTenant):
                        watched.want()
            self.runs = {run_id: watched for run_id, watched in self.runs.items() if watched.audience}
            self.ear.listen_to(set(self.runs))

    async def acknowledged(self, viewer: Viewer) -> None:
        """The socket has room again: give it what it missed."""
        if not (viewer.window.behind and viewer.window.open):
            return
        async with self._lock:
            for watched in self._watched():
                if viewer in watched.audience.viewers:
                    await self._catch_up(watched, viewer)

    async def has_read(self, viewer: Viewer, number: int) -> None:
        """The socket has that message of a text: give it what was written since."""
        viewer.reader.acknowledge(number)
        for watched in list(self.runs.values()):
            if viewer in watched.audience.viewers:
                await _hand_text(watched, viewer)

    def _watched(self) -> list[Watched]:
        return [*self.runs.values(), *self.tenants.values(), self.tools, *self.overviews.values()]

    async def _welcome(self, watched: Watched, viewer: Viewer, seq: int, *, known: bool) -> None:
        watched.audience.viewers.add(viewer)
        if not known:
            await self._tell_to_reread(watched, viewer)
        elif seq < watched.feed.seq:
            frame = await in_thread(watched.feed.replay, seq)
            await watched.audience.hand_to(viewer, frame, seq=watched.feed.seq)

    async def _tell_to_reread(self, watched: Watched, viewer: Viewer) -> None:
        epoch = watched.feed.epoch if isinstance(watched.feed, RunFeed) else self.boot
        await watched.audience.hand_to(viewer, watched.feed.refetch(epoch), seq=watched.feed.seq)

    async def _catch_up(self, watched: Watched, viewer: Viewer) -> None:
        if isinstance(watched, WatchedRun):
            await self._advance(watched)
        seq = viewer.window.sent
        known = (
            watched.feed.knows(watched.feed.epoch, seq) if isinstance(watched, WatchedRun) else watched.feed.knows(seq)
        )
        if not known:
            await self._tell_to_reread(watched, viewer)
        elif seq < watched.feed.seq:
            frame = await in_thread(watched.feed.replay, seq)
            await watched.audience.hand_to(viewer, frame, seq=watched.feed.seq)

    # What is sent ---------------------------------------------------------------------------------

    async def _flush_when_rung(self) -> None:
        next_at = 0.0
        while True:
            await self._ring.wait()
            await asyncio.sleep(max(MOMENT_SECONDS, next_at - time.monotonic()))
            self._ring.clear()
            now = time.monotonic()
            next_at = now + TICK_SECONDS
            due = self._take_due(now)
            try:
                async with self._lock:
                    await self._flush(due)
            except Exception:
                logger.exception("live feed: could not read what changed")
                self._dirty = {**due, **self._dirty}
                await asyncio.sleep(1)
            if self._dirty:
                self._ring.set()

    def _take_due(self, now: float) -> dict[str, int]:
        """The runs that moved and have not been sent within the last quarter of a second."""
        self._flushed_at = {run: at for run, at in self._flushed_at.items() if now - at < RUN_PAUSE_SECONDS}
        due = {run: tenant for run, tenant in self._dirty.items() if run not in self._flushed_at}
        self._dirty = {run: tenant for run, tenant in self._dirty.items() if run not in due}
        self._flushed_at.update(dict.fromkeys(due, now))
        return due

    async def _flush(self, due: dict[str, int]) -> None:
        for run_id in due:
            watched = self.runs.get(run_id)
            if watched and watched.audience.reading:
                await self._advance(watched)
            elif watched:
                watched.audience.leave_behind()
        wanted: list[str] = []
        for run_id, tenant_id in due.items():
            tenant = self.tenants.get(tenant_id)
            if tenant and tenant.wanted():
                wanted.append(run_id)
            elif tenant:
                tenant.feed.skip()
        if wanted:
            await self._record(wanted)

    async def _advance(self, watched: WatchedRun) -> None:
        prev = watched.feed.seq
        frame = await in_thread(watched.feed.advance)
        if frame is not None:
            await watched.audience.hand(frame, prev=prev, seq=watched.feed.seq)
        if watched.feed.has_ended(watched.written.known.span_id):
            watched.written.forget()

    async def _look_on_at(self, watched: Looked) -> None:
        """Nobody is rung when a breaker or a budget changes: while somebody watches, the rows are read each second."""
        while watched.audience:
            await asyncio.sleep(TOOLS_SECONDS)
            try:
                async with self._lock:
                    await self._look_at(watched)
            except Exception:
                logger.exception("live feed: could not look at the rows")

    async def _look_at(self, watched: Looked) -> None:
        frame = await in_thread(watched.feed.advance)
        if frame is not None:
            await watched.audience.hand(frame, prev=watched.feed.seq - 1, seq=watched.feed.seq)

    async def _record(self, run_ids: list[str]) -> None:
        """All that changed as one frame a tenant: one for each of two hundred runs is too much for fifty viewers."""
        before: dict[int, int] = {}
        for run in await in_thread(reading.read_runs, run_ids):
            feed = self.tenants[run.tenant_id].feed
            before.setdefault(run.tenant_id, feed.seq)
            feed.record(run)
        for tenant_id, prev in before.items():
            watched = self.tenants[tenant_id]
            if watched.feed.seq > prev:
                await watched.audience.hand(watched.feed.replay(prev), prev=prev, seq=watched.feed.seq)


async def _hand_text(watched: WatchedRun, viewer: Viewer) -> None:
    message = viewer.reader.next(watched.written.known)
    if message is not None:
        await viewer.show(message)
