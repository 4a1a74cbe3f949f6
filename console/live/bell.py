"""Hints that runs have moved: from Redis while it is there, from the database while it is not."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Literal

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

CHANNEL = "watchfloor:heads"
Mode = Literal["starting", "redis", "polling"]
Hear = Callable[[str, int, int], None]
Look = Callable[[], Awaitable[None]]

logger = logging.getLogger(__name__)


class Bell:
    """Calls ``hear(run, tenant, head)`` for every hint, and ``look()`` to compare with the rows.

    It looks every ``poll_seconds`` without Redis; with it every ``check_seconds``, since hints may be lost.
    """

    def __init__(
        self, url: str, hear: Hear, look: Look, *, poll_seconds: float = 2.0, check_seconds: float = 5.0
    ) -> None:
        self.mode: Mode = "starting"
        self._url = url
        self._hear = hear
        self._look = look
        self._poll_seconds = poll_seconds
        self._check_seconds = check_seconds

    async def run(self) -> None:
        """Listen until cancelled."""
        while True:
            with suppress(RedisError, OSError):
                await self._listen()
            if self.mode != "polling":
                logger.warning("live feed: Redis is away, polling the database")
                self.mode = "polling"
            await self._look_safely()
            await asyncio.sleep(self._poll_seconds)

    async def _listen(self) -> None:
        client = Redis.from_url(self._url, socket_connect_timeout=2, socket_keepalive=True, health_check_interval=5)
        pubsub = client.pubsub(ignore_subscribe_messages=True)
        try:
            await pubsub.subscribe(CHANNEL)
            self.mode = "redis"
            await self._look_safely()
            await self._take_hints(pubsub)
        finally:
            await pubsub.aclose()  # type: ignore[no-untyped-call]  # redis leaves it untyped
            await client.aclose()

    async def _take_hints(self, pubsub: PubSub) -> None:
        loop = asyncio.get_running_loop()
        look_at = loop.time() + self._check_seconds
        while True:
            message = await pubsub.get_message(timeout=max(0.01, look_at - loop.time()))
            if message is not None:
                self._take(message["data"])
            if loop.time() >= look_at:
                await self._look_safely()
                look_at = loop.time() + self._check_seconds

    def _take(self, raw: bytes) -> None:
        try:
            hint = json.loads(raw)
            self._hear(str(hint["run"]), int(hint["tenant"]), int(hint["head"]))
        except (ValueError, KeyError, TypeError):
            logger.warning("live feed: a hint that cannot be read")

    async def _look_safely(self) -> None:
        try:
            await self._look()
        except Exception:
            logger.exception("live feed: could not compare with the rows")
