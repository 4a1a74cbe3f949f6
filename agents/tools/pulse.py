"""Keeps a worker's health current: reads the links' rows, writes what was counted, hears and gives hints of changes."""

import logging
import threading
import time
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from agents import bell
from agents.tools.health import SharedHealth

logger = logging.getLogger(__name__)
READ_SECONDS = 1.0
WRITE_SECONDS = 2.0
RECONNECT_SECONDS = 5.0
LISTEN_SECONDS = 1.0


class Pulse:
    """Two threads: one reads and writes rows, one listens on Redis, which only makes it faster."""

    def __init__(self, health: SharedHealth) -> None:
        self._health = health
        self._stop = threading.Event()
        self._written_at = time.monotonic()
        self._threads = [
            threading.Thread(target=self._beat_on, name="health-pulse", daemon=True),
            threading.Thread(target=self._listen_on, name="health-listen", daemon=True),
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Write what is still counted, then end."""
        self._stop.set()
        self._health.stirred.set()
        for thread in self._threads:
            thread.join(LISTEN_SECONDS + WRITE_SECONDS)

    def beat(self) -> None:
        """Once: tell of changes, read, and write when it is time. Raises the database's errors."""
        changed = self._health.changed
        while changed:
            bell.ring_health(changed.popleft())
        self._health.links.read()
        if self._stop.is_set() or time.monotonic() - self._written_at >= WRITE_SECONDS:
            self._written_at = time.monotonic()
            self._health.flush()

    def _beat_on(self) -> None:
        while not self._stop.is_set():
            self._health.stirred.wait(READ_SECONDS)
            self._health.stirred.clear()
            try:
                self.beat()
            except (DatabaseError, InterfaceError) as error:
                logger.warning("the health of links is neither read nor written: %s", error)
                connection.close()
            except Exception:  # one link that cannot be written must not blind this worker to all others
                logger.exception("a beat of the health failed")
        connection.close()

    def _listen_on(self) -> None:
        while not self._stop.is_set():
            try:
                self._listen()
            except (redis.RedisError, OSError) as error:
                logger.info("changes of links are only seen by polling: %s", error)
                self._stop.wait(RECONNECT_SECONDS)

    def _listen(self) -> None:
        source: Any = redis.Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=bell.TIMEOUT_SECONDS, health_check_interval=LISTEN_SECONDS
        )
        with source.pubsub(ignore_subscribe_messages=True) as channel:
            channel.subscribe(bell.HEALTH)
            while not self._stop.is_set():
                if channel.get_message(timeout=LISTEN_SECONDS) is not None:
                    self._health.stirred.set()
