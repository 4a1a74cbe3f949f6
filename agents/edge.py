"""The asynchronous edge: one event loop a process on which all waits run, so that a kill can cut them."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextvars import ContextVar
from typing import Any, Generic, TypeVar

from agents.engine.ports import Interrupted

Result = TypeVar("Result")
CUT_SECONDS = 1.0
"""How long what was cut may take to put things away before its thread goes on without it."""


class Flight(Generic[Result]):
    """A coroutine on the loop, and the thread that waits for it. All but `land` happens on the loop."""

    def __init__(self, edge: "Edge", work: Coroutine[Any, Any, Result]) -> None:
        self.edge = edge
        self._work = work
        self._task: asyncio.Task[Result] | None = None
        self._cut = False
        self._lines: list[Callable[[], None]] = []
        self._gate = threading.Lock()
        self._gate.acquire()

    def start(self) -> None:
        """Begin, unless it was cut before."""
        if self._cut:
            self._work.close()
            return
        _in_flight.set(self)  # in the task's own context, which is made here
        self._task = asyncio.ensure_future(self._work)
        self._task.add_done_callback(self._ended)

    def when_cut(self, hang_up: Callable[[], None]) -> None:
        """Do this first of all if it is cut; it must neither wait nor raise."""
        self._lines.append(hang_up)

    def hang_up(self) -> None:
        """Leave the far end, if it is still in flight."""
        if self._task is not None and not self._task.done():
            for line in self._lines:
                line()

    def cancel(self) -> "asyncio.Task[Result] | None":
        """Cut it; its thread stays asleep until `release`. The task that is still putting things away, if any."""
        if self._cut or (self._task is not None and self._task.done()):
            return None
        self._cut = True
        if self._task is not None:
            self._task.cancel()
        return self._task

    def release(self) -> None:
        """Wake the thread, if it was not woken before."""
        if self._gate.locked():
            self._gate.release()

    def land(self) -> Result:
        """Wait for the result, in the thread that wants it. Raises Interrupted when it was cut."""
        self._gate.acquire()
        if self._task is None:
            raise Interrupted(may_be_billed=False)
        if not self._task.done() or self._task.cancelled():
            raise Interrupted
        if self._cut and (error := self._task.exception()) is not None:
            raise Interrupted from error
        return self._task.result()

    def _ended(self, task: "asyncio.Task[Result]") -> None:
        if not self._cut:
            self.release()
        elif not task.cancelled():
            task.exception()  # seen, so that nobody warns of it


_in_flight: ContextVar[Flight[Any] | None] = ContextVar("flight", default=None)


def when_cut(hang_up: Callable[[], None]) -> None:
    """Have this done first of all if a kill cuts the present flight; nothing outside of one."""
    flight = _in_flight.get()
    if flight is not None:
        flight.when_cut(hang_up)


class KillSwitch:
    """Cuts whatever one run has in flight; once thrown, nothing of it starts any more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flight: Flight[Any] | None = None
        self.thrown = threading.Event()

    def throw(self) -> None:
        """Cancel the call in flight, and every later one."""
        throw_all([self])

    def trip(self) -> Flight[Any] | None:
        """Let nothing start any more; returns the call in flight, which is the caller's to cut."""
        with self._lock:
            self.thrown.set()
            return self._flight

    def hold(self, flight: Flight[Any]) -> bool:
        """Name the call that is about to begin. False when the switch has been thrown already."""
        with self._lock:
            self._flight = None if self.thrown.is_set() else flight
            return self._flight is not None

    def let_go(self) -> None:
        """Nothing is in flight."""
        with self._lock:
            self._flight = None


def throw_all(switches: Iterable[KillSwitch]) -> None:
    """Throw many switches with one visit to the loop, which closes all their sockets before it wakes a thread."""
    flights = [flight for switch in switches if (flight := switch.trip()) is not None]
    for edge in {flight.edge for flight in flights}:
        edge.cut([flight for flight in flights if flight.edge is edge])


class Edge:
    """The loop's thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="edge", daemon=True)
        self._cutting: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to turn."""
        self._thread.start()

    def stop(self) -> None:
        """Cancel what still runs and end the thread."""
        self.run(_cancel_all(), KillSwitch())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(5)

    def run(self, work: Coroutine[Any, Any, Result], switch: KillSwitch) -> Result:
        """Run a coroutine on the loop and wait for it. Raises Interrupted when the switch cut it."""
        flight = Flight(self, work)
        if not switch.hold(flight):
            work.close()
            raise Interrupted(may_be_billed=False)
        try:
            self.loop.call_soon_threadsafe(flight.start)
            return flight.land()
        finally:
            switch.let_go()

    def cut(self, flights: Sequence[Flight[Any]]) -> None:
        """Cancel these and wake their threads once all of them have put their things away."""
        self.loop.call_soon_threadsafe(self._begin_to_cut, flights)

    def _begin_to_cut(self, flights: Sequence[Flight[Any]]) -> None:
        for flight in flights:  # at once: to put away what each has open takes many turns of the loop
            flight.hang_up()
        ending = [task for flight in flights if (task := flight.cancel()) is not None]
        cutting = self.loop.create_task(_wake_after(ending, flights))
        self._cutting.add(cutting)  # the loop itself keeps tasks by weak references
        cutting.add_done_callback(self._cutting.discard)


async def _wake_after(ending: Sequence["asyncio.Task[Any]"], flights: Sequence[Flight[Any]]) -> None:
    """A thread that wakes wants to write, and would take the interpreter from the loop while sockets are open."""
    try:
        if ending:
            await asyncio.wait(ending, timeout=CUT_SECONDS)
    finally:
        for flight in flights:
            flight.release()


async def _cancel_all() -> None:
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
