"""Questions that a process answers only when it is ready to work."""

import http.client
from pathlib import Path

import redis
from celery import Celery
from kombu.exceptions import OperationalError

from console.supervisor.addresses import LOOPBACK

PATIENCE_SECONDS = 1.0
# A worker that is still loading never answers, so a longer question only delays the next one.
PING_SECONDS = 0.4


def web_answers(*, port: int) -> bool:
    """True when the web server answers its health page; one that is up but broken counts as not ready."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET", "/healthz/")
        return connection.getresponse().status < http.HTTPStatus.INTERNAL_SERVER_ERROR
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def redis_answers(*, url: str) -> bool:
    """True when Redis answers a ping."""
    client = redis.Redis.from_url(url, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=PATIENCE_SECONDS)
    try:
        return bool(client.ping())
    except (redis.RedisError, OSError):
        return False
    finally:
        client.close()


def probing_app(*, url: str) -> Celery:
    """A Celery app that only asks questions of the workers at this broker."""
    return Celery("watchfloor-probe", broker=url, set_as_current=False, fixups=[])


def worker_answers(probe: Celery, *, node: str) -> bool:
    """True when the worker of that name takes commands, which it does only once it takes tasks."""
    try:
        return bool(probe.control.ping([node], timeout=PING_SECONDS, limit=1))
    except (OperationalError, OSError, redis.RedisError):
        return False


def clock_ticks(*, schedule: Path) -> bool:
    """True when beat has written its schedule, the last thing it does before it starts to tick."""
    return any(schedule.parent.glob(f"{schedule.name}*"))
