"""The asynchronous edge: one event loop a process on which all waits run, so that a kill can cut them."""

import asyncio
import concurrent.futures
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from agents.engine.ports import Interrupted

Result = TypeVar("Result")


class KillSwitch:
    """Cuts whatever one run has in flight; once thrown, nothing of it starts any more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flight: concurrent.futures.Future[Any] | None = None
        self.thrown = threading.Event()

    def throw(self) -> None:
        """Cancel the call in flight, and every later one."""
        with self._lock:
            self.thrown.set()
            flight = self._flight
        if flight is not None:
            flight.cancel()

    def hold(self, flight: "concurrent.futures.Future[Any]") -> None:
        """Name the call in flight. It is cancelled at once when the switch has been thrown already."""
        with self._lock:
            self._flight = flight
            late = self.thrown.is_set()
        if late:
            flight.cancel()

    def let_go(self) -> None:
        """Nothing is in flight."""
        with self._lock:
            self._flight = None


class Edge:
    """The loop's thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="edge", daemon=True)

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
        if switch.thrown.is_set():  # else its first lines would run before the cancellation reaches it
            work.close()
            raise Interrupted(may_be_billed=False)
        flight = asyncio.run_coroutine_threadsafe(work, self.loop)
        switch.hold(flight)
        try:
            return flight.result()
        except concurrent.futures.CancelledError as cut:
            raise Interrupted from cut
        finally:
            switch.let_go()


async def _cancel_all() -> None:
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
