"""The bell: hints on Redis that rows have changed. Losing one changes nothing, so ringing never raises."""

import json
import logging
import threading
from collections.abc import Sequence
from functools import cache

import redis
from django.conf import settings

logger = logging.getLogger(__name__)
HEADS = "watchfloor:heads"
KILLS = "watchfloor:kills"
GATHER_SECONDS = 0.02  # a viewer does not see it, and many commits of a run become one hint
TIMEOUT_SECONDS = 2.0

Head = tuple[str, int, int]


@cache
def client() -> "redis.Redis":
    """This process's Redis client, whose every command ends in two seconds, answered or not."""
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
    )


def ring_kill(run_id: str) -> bool:
    """Tell the workers that a kill was committed. False when Redis did not take it: they look for themselves too."""
    return _publish([(KILLS, json.dumps({"run": run_id}))])


def ring_head(run_id: str, tenant_id: int, head: int) -> bool:
    """Tell the watchers of a run, from a process that has no ringer of its own."""
    return _publish([(HEADS, _head(run_id, tenant_id, head))])


class Ringer:
    """A worker's bell: its own thread, so that a slow Redis never delays a commit."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._newest: dict[str, Head] = {}
        self._rung = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="bell", daemon=True)

    def start(self) -> None:
        """Begin ringing."""
        self._thread.start()

    def stop(self) -> None:
        """Ring what waits, then end."""
        self._stopping.set()
        self._rung.set()
        self._thread.join(2 * TIMEOUT_SECONDS)

    def ring(self, heads: Sequence[Head]) -> None:
        """Leave hints to be sent; of each run only the newest counts."""
        with self._lock:
            self._newest.update((head[0], head) for head in heads)
        self._rung.set()

    def _work(self) -> None:
        while not self._stopping.is_set():
            self._rung.wait()
            self._stopping.wait(GATHER_SECONDS)
            with self._lock:
                newest, self._newest = self._newest, {}
                self._rung.clear()
            if newest:
                _publish([(HEADS, _head(*head)) for head in newest.values()])


def _head(run_id: str, tenant_id: int, head: int) -> str:
    return json.dumps({"run": run_id, "tenant": tenant_id, "head": head})


def _publish(messages: Sequence[tuple[str, str]]) -> bool:
    try:
        with client().pipeline(transaction=False) as pipe:
            for channel, text in messages:
                pipe.publish(channel, text)
            pipe.execute()
    except redis.RedisError as error:
        logger.info("no hint was sent: %s", error)
        return False
    return True
