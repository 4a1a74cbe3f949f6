"""Threads of a worker that wait behind no run: they sweep, verify for whoever asked, probe, and look at MCP servers."""

import logging
import random
import threading
from collections.abc import Callable

from django.db import DatabaseError, InterfaceError, connection

from agents import recovery
from agents.tools.mcp.look import look_when_due
from budgets.ledger.asked_verification import answer_waiting

logger = logging.getLogger(__name__)
SWEEP_SECONDS = 5.0
LOOK_SECONDS = 2.0
SERVERS_SECONDS = 60.0
JITTER = 0.2
"""Workers that were started together do not sweep together."""
END_SECONDS = 5.0


class Sweeper:
    """Every worker has one, so that a run is found as long as any worker lives, however busy its threads are."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._repeat, args=(recovery.sweep, SWEEP_SECONDS), name="sweeper", daemon=True),
            threading.Thread(target=self._repeat, args=(answer_waiting, LOOK_SECONDS), name="verifier", daemon=True),
            threading.Thread(target=self._repeat, args=(look_when_due, SERVERS_SECONDS), name="looker", daemon=True),
        ]

    def also(self, work: Callable[[], object], *, name: str, every_seconds: float) -> None:
        """Do this again and again too, from the start on."""
        self._threads.append(threading.Thread(target=self._repeat, args=(work, every_seconds), name=name, daemon=True))

    def start(self) -> None:
        """Begin, with a sweep at once: what was left while no worker lived has waited long enough."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End after what is under way; a verification is not waited for."""
        self._stop.set()
        for thread in self._threads:
            thread.join(END_SECONDS)

    def _repeat(self, work: Callable[[], object], seconds: float) -> None:
        while not self._stop.is_set():
            try:
                work()
            except (DatabaseError, InterfaceError) as error:
                logger.warning("the sweeper could not reach the database: %s", error)
            except Exception:  # one row that cannot be handled must not end all sweeping
                logger.exception("a sweep failed")
            finally:
                connection.close()
            self._stop.wait(seconds * random.uniform(1 - JITTER, 1 + JITTER))
