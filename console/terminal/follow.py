"""Follows a run's trace from its rows: a cursor says what was read, Redis only says when to look again."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import redis
from django.conf import settings
from redis.client import PubSub

from agents.contracts.endings import TERMINAL
from agents.models import EventRow, Run

HEADS = "watchfloor:heads"
POLL_SECONDS = 2.0
"""How long a missed bell may delay what is shown, and how often to look while Redis is away."""


@dataclass
class Bell:
    """Waits until this run has new events, or for the poll's time; works on without Redis, only slower."""

    run_id: str
    channel: PubSub | None = None

    def wait(self) -> None:
        """Return when the run's head was rung or the time is up."""
        ends_at = time.monotonic() + POLL_SECONDS
        while (left := ends_at - time.monotonic()) > 0:
            if self._heard(left):
                return

    def _heard(self, seconds: float) -> bool:
        if self.channel is None:
            time.sleep(seconds)
            return True
        try:
            message = self.channel.get_message(ignore_subscribe_messages=True, timeout=seconds)
        except redis.RedisError:
            self.channel = None
            return False
        return message is not None and _run_of(message["data"]) == self.run_id


@contextmanager
def bell_of(run_id: str) -> Iterator[Bell]:
    """A bell for one run; subscribed before the first read, so that nothing falls between."""
    client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1.0)
    channel = client.pubsub()  # type: ignore[no-untyped-call]  # redis types everything but this
    try:
        yield Bell(run_id, channel if _subscribed(channel) else None)
    finally:
        channel.close()
        client.close()


def _subscribed(channel: PubSub) -> bool:
    try:
        channel.subscribe(HEADS)
    except redis.RedisError:
        return False
    return True


def follow(run_id: str, bell: Bell) -> Iterator[EventRow]:
    """Every event of the run in order, each once, until the run has ended."""
    after = 0
    while True:
        # The state first: a run's last event commits with its end, so the read after it sees them all.
        ended = Run.objects.values_list("state", flat=True).get(pk=run_id) in TERMINAL
        for event in EventRow.objects.filter(run_id=run_id, seq__gt=after).order_by("seq"):
            after = event.seq
            yield event
        if ended:
            return
        bell.wait()


def _run_of(data: object) -> str:
    try:
        return str(json.loads(data)["run"]) if isinstance(data, str | bytes) else ""
    except (ValueError, KeyError, TypeError):
        return ""
