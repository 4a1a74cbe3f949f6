"""Watches over this worker's runs: renews their leases, cuts those that were killed or taken by another worker."""

import logging
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from agents import bell
from agents.edge import KillSwitch, throw_all
from agents.lease import LEASE, RENEW_SECONDS, renew

logger = logging.getLogger(__name__)
RECONNECT_SECONDS = 1.0
LISTEN_SECONDS = 1.0
HEARD, POLLED, GIVEN_UP = "a kill was heard", "the database says so", "this worker gives them up"


@dataclass(frozen=True, slots=True)
class Watched:
    """A run in care: `since` is a moment of this process before its claim, which began its lease."""

    epoch: int
    switch: KillSwitch
    since: float


class Warden:
    """Two threads: one renews and polls the database, one listens for kills on Redis, which is only faster."""

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self._lock = threading.Lock()
        self._runs: dict[str, Watched] = {}
        self._stop = threading.Event()
        self._leaving = threading.Event()
        self._renewed_at = time.monotonic()
        self._threads = [
            threading.Thread(target=self._renew_loop, name="warden-renew", daemon=True),
            threading.Thread(target=self._listen_loop, name="warden-listen", daemon=True),
        ]

    def start(self) -> None:
        """Begin to watch."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop watching; the leases run out by themselves."""
        self._stop.set()
        for thread in self._threads:
            thread.join(LISTEN_SECONDS + RENEW_SECONDS)

    @property
    def leaving(self) -> bool:
        """Whether this worker is being stopped: it takes no run any more, and hands on those that it has."""
        return self._leaving.is_set()

    def leave(self, *, within_seconds: float) -> None:
        """Let every run be handed on when its step ends; what is in flight after so many seconds is cut.

        Called in a signal handler: it only starts a timer.
        """
        if self._leaving.is_set():
            return
        self._leaving.set()
        timer = threading.Timer(within_seconds, self.cut_all)
        timer.daemon = True
        timer.start()

    def cut_all(self) -> None:
        """Cut what all runs have in flight; their fenced writes find out what becomes of them."""
        with self._lock:
            runs = list(self._runs)
        self.kill(runs, why=GIVEN_UP)

    def watch(self, run_id: str, epoch: int, *, since: float | None = None) -> KillSwitch:
        """Take a run into care that was claimed after `since` (of the monotonic clock), or just now."""
        switch = KillSwitch()
        with self._lock:
            before = self._runs.get(run_id)
            self._runs[run_id] = Watched(epoch, switch, time.monotonic() if since is None else since)
        if before is not None:  # this process had lost the run and has claimed it again
            before.switch.throw()
        return switch

    def release(self, run_id: str, epoch: int) -> None:
        """The run is no longer worked on here under this epoch; a later claim of the same run stays in care."""
        with self._lock:
            if run_id in self._runs and self._runs[run_id].epoch == epoch:
                del self._runs[run_id]

    def kill(self, run_ids: Iterable[str], *, why: str) -> None:
        """Cut what these runs have in flight; their fenced writes find out if it was a kill or a lost lease."""
        with self._lock:
            switches = {run_id: self._runs[run_id].switch for run_id in run_ids if run_id in self._runs}
        _cut(switches, why)

    def renew_once(self) -> None:
        """Extend the leases and cut what must not go on. Raises the database's errors."""
        began = time.monotonic()
        with self._lock:
            runs = dict(self._runs)
        if runs:
            held = {row.run_id: row for row in renew(owner=self.owner, run_ids=list(runs))}
            lost = {}
            for run_id, watched in runs.items():
                row = held.get(run_id)
                if row is None or row.epoch != watched.epoch or row.kill_requested_at is not None:
                    lost[run_id] = watched.switch
            _cut(lost, POLLED)
        self._renewed_at = began

    def _renew_loop(self) -> None:
        while not self._stop.wait(RENEW_SECONDS):
            try:
                self.renew_once()
            except (DatabaseError, InterfaceError) as error:
                logger.warning("leases could not be renewed: %s", error)
                connection.close()
                self._give_up_when_late()
        connection.close()

    def _give_up_when_late(self) -> None:
        """Whoever cannot renew stops itself before another worker may take over, but not what it claimed since then."""
        too_old = time.monotonic() - LEASE.total_seconds() * 0.8
        if self._renewed_at > too_old:
            return
        with self._lock:
            late = [run_id for run_id, watched in self._runs.items() if watched.since <= too_old]
        self.kill(late, why=GIVEN_UP)

    def _listen_loop(self) -> None:
        while not self._stop.is_set():
            self._give_up_when_late()  # the other thread may hang in a database that neither answers nor refuses
            try:
                self._listen()
            except (redis.RedisError, OSError, ValueError) as error:
                logger.info("kills are only seen by polling: %s", error)
                self._stop.wait(RECONNECT_SECONDS)

    def _listen(self) -> None:
        source: Any = redis.Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=bell.TIMEOUT_SECONDS, health_check_interval=LISTEN_SECONDS
        )
        with source.pubsub(ignore_subscribe_messages=True) as kills:
            kills.subscribe(bell.KILLS)
            while not self._stop.is_set():
                self._give_up_when_late()
                message = kills.get_message(timeout=LISTEN_SECONDS)
                if message is not None:
                    self.kill(bell.killed_runs(message["data"]), why=HEARD)


def _cut(switches: Mapping[str, KillSwitch], why: str) -> None:
    """Throw them, and say which ones had not been thrown before: a kill that is only polled is two seconds late."""
    fresh = [run_id for run_id, switch in switches.items() if not switch.thrown.is_set()]
    throw_all(switches.values())
    if fresh:
        logger.info("cut, %s: %s", why, ", ".join(fresh))
