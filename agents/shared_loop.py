"""An event loop that is turned by a thread that waits for it, and by a thread of its own when that is not enough."""

import asyncio
import threading
from collections.abc import Callable


class SharedLoop:
    """Many threads wait for one loop; the first to come turns it, until what it waits for has happened.

    A thread that turns the loop itself need not be woken, nor wake another one: with one run at work that saves two
    of them for each call, which cost more than its rows. Once it has what it wants it leaves the loop to the loop's
    own thread if anything is left on it, and else to whoever comes next.
    """

    def __init__(self, name: str) -> None:
        self.loop = asyncio.new_event_loop()
        self._own = threading.Thread(target=self._stand_in, name=name, daemon=True)
        self._wanted = threading.Semaphore(0)
        self._stopped = False
        self._mutex = threading.Lock()
        self._waiting = 0
        self._is_turned = False
        self._turner: threading.Lock | None = None
        """The gate of the thread that turns the loop; None while it is the loop's own."""

    def start(self) -> None:
        """Let the loop's own thread stand by."""
        self._own.start()

    def stop(self) -> None:
        """End the loop's own thread."""
        self._stopped = True
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._wanted.release()
        self._own.join(5)

    def wait(self, begin: Callable[[], None], gate: threading.Lock) -> None:
        """Have something begun on the loop, and come back once `wake` was called for this locked gate."""
        with self._mutex:
            self._waiting += 1
            turns, self._is_turned = not self._is_turned, True
        if turns:
            self._turn(begin, gate)
        else:
            self.loop.call_soon_threadsafe(begin)
            gate.acquire()

    def wake(self, gate: threading.Lock) -> None:
        """Let the thread go on that waits at this gate; called on the loop, once for each wait."""
        gate.release()
        with self._mutex:
            self._waiting -= 1
        if gate is self._turner or (self._turner is None and not self._is_needed()):
            self.loop.stop()

    def _turn(self, begin: Callable[[], None], gate: threading.Lock) -> None:
        self._turner = gate
        self.loop.call_soon(begin)
        try:
            while gate.locked():
                self.loop.run_forever()
        finally:
            self._turner = None
            self._leave()

    def _stand_in(self) -> None:
        while True:
            self._wanted.acquire()
            if self._stopped:
                return
            self.loop.run_forever()
            self._leave()

    def _leave(self) -> None:
        with self._mutex:
            self._is_turned = self._is_needed()
            if self._is_turned:
                self._wanted.release()

    def _is_needed(self) -> bool:
        """Whether anything goes on: somebody waits, or there is a session to be kept or something to be closed."""
        return self._waiting > 0 or bool(asyncio.all_tasks(self.loop))
