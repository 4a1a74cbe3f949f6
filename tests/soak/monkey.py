"""Breaks one thing after another by the dice of its seed, and mends each after a while."""

import heapq
import itertools
import random
import threading
import time
from collections.abc import Callable

import redis

from tests.harness.faulty_proxy import FaultyProxy
from tests.harness.postgres import PostgresServer
from tests.soak.crew import WORKERS, Crew
from tests.soak.tally import Tally

LOOK_SECONDS = 0.2
BEFORE_THE_FIRST_SECONDS = 4.0
PAUSE_SECONDS = (1.5, 8.0)
LEASE_AND_MORE_SECONDS = 42.0
Mend = Callable[[], object]


class Monkey:
    """One thread; at most one worker is broken at a time, or there would be nobody whose work could be looked at."""

    def __init__(
        self,
        *,
        seed: int,
        crew: Crew,
        redis_url: str,
        redis_proxy: FaultyProxy,
        postgres: PostgresServer | None,
        postgres_proxy: FaultyProxy | None,
        tally: Tally,
    ) -> None:
        self._dice = random.Random(seed)
        self._crew = crew
        self._redis_url = redis_url
        self._redis_proxy = redis_proxy
        self._postgres = postgres
        self._postgres_proxy = postgres_proxy
        self._tally = tally
        self._later: list[tuple[float, int, Mend]] = []
        self._number = itertools.count()
        self._broken: set[str] = set()

    def work(self, until: threading.Event) -> None:
        """Break and mend until told to stop; then mend everything."""
        next_at = time.monotonic() + BEFORE_THE_FIRST_SECONDS
        fault = self._kill_worker  # however short the day is
        while not until.wait(LOOK_SECONDS) and not self._tally.over.is_set():
            self._mend(before=time.monotonic())
            if time.monotonic() >= next_at:
                fault()
                fault = self._dice.choice(self._faults())
                next_at = time.monotonic() + self._dice.uniform(*PAUSE_SECONDS)
        self._mend(before=float("inf"))

    def _faults(self) -> list[Callable[[], None]]:
        found = [self._kill_worker, self._kill_worker, self._freeze_worker, self._restart_worker]
        found += [self._kill_redis, self._flush_redis, self._redis_away, self._cut_redis, self._deaf_redis]
        if self._postgres is not None:
            found += [self._end_postgres, self._end_postgres, self._crash_postgres, self._cut_postgres]
            found += [self._lose_a_commit, self._slow_postgres]
        return found

    def _break(self, part: str, kind: str, *, seconds: float, mend: Mend) -> bool:
        """Mark a part broken until it is mended; False when it, or another of its sort, is broken already."""
        if part in self._broken:
            return False
        self._broken.add(part)
        self._tally.fault(kind)

        def mended() -> None:
            mend()
            self._broken.discard(part)

        heapq.heappush(self._later, (time.monotonic() + seconds, next(self._number), mended))
        return True

    def _mend(self, *, before: float) -> None:
        while self._later and self._later[0][0] <= before:
            heapq.heappop(self._later)[2]()

    def _kill_worker(self) -> None:
        name = self._dice.choice(WORKERS)
        if self._break(
            "worker", "worker killed", seconds=self._dice.uniform(0, 6), mend=lambda: self._crew.start(name)
        ):
            self._crew.kill(name)

    def _restart_worker(self) -> None:
        name = self._dice.choice(WORKERS)
        if self._break("worker", "worker restarted", seconds=0.5, mend=lambda: self._crew.start(name)):
            self._crew.end(name)

    def _freeze_worker(self) -> None:
        name = self._dice.choice(WORKERS)
        seconds = self._dice.choice((1.0, 5.0, 15.0, LEASE_AND_MORE_SECONDS))
        kind = "worker stopped past its lease" if seconds == LEASE_AND_MORE_SECONDS else "worker stopped for a while"
        if self._break("worker", kind, seconds=seconds, mend=lambda: self._crew.thaw(name)):
            self._crew.freeze(name)

    def _kill_redis(self) -> None:
        if self._break("redis", "redis killed", seconds=0.5, mend=lambda: self._crew.start("redis")):
            self._crew.kill("redis")

    def _redis_away(self) -> None:
        seconds = self._dice.uniform(8, 40)
        if self._break("redis", "redis away for a while", seconds=seconds, mend=lambda: self._crew.start("redis")):
            self._crew.kill("redis")

    def _flush_redis(self) -> None:
        if "redis" not in self._broken:
            with redis.Redis.from_url(self._redis_url, socket_timeout=2) as client:
                try:
                    client.flushall()
                except redis.RedisError:  # it is just starting, and as empty as this would make it
                    return
            self._tally.fault("redis flushed")

    def _cut_redis(self) -> None:
        self._redis_proxy.cut()
        self._tally.fault("redis sockets cut")

    def _deaf_redis(self) -> None:
        way = self._redis_proxy.down
        if self._break(
            "redis line", "redis sockets half open", seconds=self._dice.uniform(3, 15), mend=self._hear_redis
        ):
            way.swallow = True

    def _hear_redis(self) -> None:
        self._redis_proxy.heal()
        self._redis_proxy.cut()

    def _server(self) -> tuple[PostgresServer, FaultyProxy]:
        assert self._postgres is not None
        assert self._postgres_proxy is not None
        return self._postgres, self._postgres_proxy

    def _end_postgres(self) -> None:
        server, _ = self._server()
        if self._break("postgres", "postgres restarted", seconds=self._dice.choice((0.0, 4.0)), mend=server.start):
            server.end("fast")

    def _crash_postgres(self) -> None:
        server, _ = self._server()
        if self._break("postgres", "postgres crashed", seconds=self._dice.choice((0.0, 4.0)), mend=server.start):
            server.end("immediate")

    def _cut_postgres(self) -> None:
        _, proxy = self._server()
        proxy.cut()
        self._tally.fault("postgres sockets cut")

    def _lose_a_commit(self) -> None:
        _, proxy = self._server()
        proxy.down.cut_before(b"COMMIT\0")
        self._tally.fault("commit's answer lost")

    def _slow_postgres(self) -> None:
        _, proxy = self._server()
        if self._break("postgres line", "postgres slow", seconds=self._dice.uniform(2, 8), mend=proxy.down.heal):
            proxy.down.delay_ms = 100
