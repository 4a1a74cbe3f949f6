"""Listens on Redis for the text of those runs that are watched, and of no others."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from agents.writing import CHANNEL, Piece, channel_of, piece_of

AGAIN_SECONDS = 2.0
LOOK_SECONDS = 0.2
Hear = Callable[[str, Piece], Awaitable[None]]

logger = logging.getLogger(__name__)


class Ear:
    """Calls ``hear(run, piece)``. Without Redis nothing is heard, and nothing else suffers."""

    def __init__(self, url: str, hear: Hear) -> None:
        self._url = url
        self._hear = hear
        self._wanted: set[str] = set()
        self._changed = asyncio.Event()

    def listen_to(self, run_ids: set[str]) -> None:
        """From now on to these runs."""
        self._wanted = {channel_of(run_id) for run_id in run_ids}
        self._changed.set()

    async def run(self) -> None:
        """Listen until cancelled."""
        while True:
            await self._until_wanted()
            with suppress(RedisError, OSError):
                await self._listen()
            await asyncio.sleep(AGAIN_SECONDS)

    async def _listen(self) -> None:
        client = Redis.from_url(self._url, socket_connect_timeout=2, socket_keepalive=True, health_check_interval=5)
        pubsub = client.pubsub(ignore_subscribe_messages=True)
        heard: set[str] = set()
        try:
            while True:
                heard = await self._subscribe(pubsub, heard)
                if not heard:
                    await self._until_wanted()
                elif (message := await pubsub.get_message(timeout=LOOK_SECONDS)) is not None:
                    await self._take(message["channel"].decode(), message["data"])
        finally:
            await pubsub.aclose()  # type: ignore[no-untyped-call]  # redis leaves it untyped
            await client.aclose()

    async def _until_wanted(self) -> None:
        while not self._wanted:
            self._changed.clear()
            await self._changed.wait()

    async def _subscribe(self, pubsub: PubSub, heard: set[str]) -> set[str]:
        wanted = self._wanted
        if new := wanted - heard:
            await pubsub.subscribe(*new)
        if old := heard - wanted:
            await pubsub.unsubscribe(*old)
        return wanted

    async def _take(self, channel: str, message: bytes) -> None:
        try:
            piece = piece_of(message)
        except ValueError:
            logger.warning("live feed: a piece of a text that cannot be read")
            return
        await self._hear(channel.removeprefix(CHANNEL), piece)
