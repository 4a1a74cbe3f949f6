"""The bell: hints on Redis that rows have changed. Losing one changes nothing, so ringing never raises."""

import json
import logging
import threading
from collections.abc import Sequence
from functools import cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)
HEADS = "watchfloor:heads"
KILLS = "watchfloor:kills"
HEALTH = "watchfloor:health"
GATHER_SECONDS = 0.02  # a viewer does not see it, and many commits of a run become one hint
TIMEOUT_SECONDS = 2.0

Head = tuple[str, int, int]


@cache
def client() -> "redis.Redis":
    """This process's Redis client, whose every command ends in two seconds, answered or not."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),  # else it would try four times, and wait in between
    )


def ring_kills(run_ids: Sequence[str], heads: Sequence[Head] = ()) -> bool:
    """Tell the workers which runs were killed, in one message, and only then the watchers where these runs stand.

    False when Redis did not take it: workers look for themselves too.
    """
    heard = not run_ids or _publish([(KILLS, json.dumps({"runs": list(run_ids)}))])
    return heard and _publish([(HEADS, _head(*head)) for head in heads])


def killed_runs(message: str | bytes) -> list[str]:
    """The runs that a message on the kills' channel names. Raises ValueError for what is no such message."""
    said = json.loads(message)
    if not isinstance(said, dict) or not isinstance(runs := said.get("runs"), list):
        raise ValueError(f"no list of killed runs: {message[:80]!r}")
    return [str(run_id) for run_id in runs]


def ring_head(run_id: str, tenant_id: int, head: int) -> bool:
    """Tell the watchers of a run, from a process that has no ringer of its own."""
    return _publish([(HEADS, _head(run_id, tenant_id, head))])


def ring_health(link: str) -> bool:
    """Tell workers and watchers that a link's breaker has changed."""
    return _publish([(HEALTH, json.dumps({"link": link}))])


def listeners(channels: Sequence[str]) -> dict[str, int]:
    """How many hear each of these channels. Raises redis.RedisError."""
    counts = client().pubsub_numsub(*channels) if channels else []
    return {bytes(channel).decode() if isinstance(channel, bytes) else channel: count for channel, count in counts}


def publish(messages: Sequence[tuple[str, str]]) -> bool:
    """Send these texts to their channels at once; False when Redis did not take them."""
    return not messages or _publish(messages)


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
