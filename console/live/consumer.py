"""The sockets: who may open one, what it hears, how it ends."""

import asyncio
import json
import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit

from channels.generic.websocket import AsyncWebsocketConsumer

from budgets.models import Tenant
from console.live import feeds
from console.live.access import Refusal, admit, admit_wall
from console.live.flow import Window
from console.live.gate import Claim
from console.live.threads import in_thread
from console.live.written import Reader

BEAT_SECONDS = 5.0
TOO_SLOW = 4408
LONGEST_MESSAGE = 200

logger = logging.getLogger(__name__)


class LiveConsumer(AsyncWebsocketConsumer):
    """One page's socket. It sends frames and heartbeats, and takes acknowledgements."""

    beat_seconds = BEAT_SECONDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.window = Window(0)
        self.reader = Reader()
        self._beats: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Foreign origins get no handshake; other refusals are a close code that the page understands."""
        if not same_origin(dict(self.scope["headers"])):
            await self.close()
            return
        await self.accept()
        route = self.scope["url_route"]["kwargs"]
        self._slug, self._wall, run_id = route.get("tenant", ""), route.get("wall", ""), route.get("run_id")
        admitted = await in_thread(self._admit, run_id)
        if isinstance(admitted, Refusal):
            await self.close(code=admitted.code)
            return
        feeds.hub.gate.enter(self, Claim(self._session_key(), self._slug, self._wall))
        await self._join(admitted, run_id, route)
        self._beats = asyncio.create_task(self._beat())

    async def disconnect(self, code: int) -> None:
        """Leave the feed."""
        logger.debug("live feed: socket closed with %s", code)
        feeds.hub.gate.leave(self)
        if self._beats:
            self._beats.cancel()
            with suppress(asyncio.CancelledError):
                await self._beats
        await feeds.hub.leave(self)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """An acknowledgement: of frames {"ack": seq}, of a text {"read": number}. Anything else is ignored."""
        told = acknowledged(text_data) if bytes_data is None else {}
        if "ack" in told:
            self.window.acknowledge(told["ack"])
            await feeds.hub.acknowledged(self)
        if "read" in told:
            await feeds.hub.has_read(self, told["read"])

    async def show(self, frame: str) -> None:
        """Send the frame, as it is."""
        await self.send(text_data=frame)

    async def turn_out(self, code: int) -> None:
        """Close the socket of somebody who may watch no more."""
        await self.close(code=code)

    def _admit(self, run_id: str | None) -> Tenant | Refusal:
        """By the person's session, or by the link of a wall."""
        return admit_wall(self._wall) if self._wall else admit(self._session_key(), self._slug, run_id)

    async def _join(self, tenant: Tenant, run_id: str | None, route: Mapping[str, object]) -> None:
        feeds.hub.start()
        epoch, seq = cursor(self.scope["query_string"])
        self.window = Window(seq)
        if "everywhere" in route:
            return  # It hears that the connection stands, and reads its figures by itself.
        if "tools" in route:
            await feeds.hub.join_tools(self, epoch, seq)
        elif "overview" in route:
            await feeds.hub.join_overview(self, tenant.pk, epoch, seq)
        elif run_id is None:
            await feeds.hub.join_tenant(self, tenant.pk, epoch, seq)
        else:
            await feeds.hub.join_run(self, run_id, epoch, seq)

    async def _beat(self) -> None:
        while True:
            await self.show(json.dumps({"beat": int(time.time() * 1000), "mode": feeds.hub.bell.mode}))
            await asyncio.sleep(self.beat_seconds)
            now = time.monotonic()
            if self.window.overdue(now) or self.reader.overdue(now):
                await self.close(code=TOO_SLOW)
                return

    def _session_key(self) -> str | None:
        session = self.scope.get("session")
        return session.session_key if session is not None else None


def same_origin(headers: dict[bytes, bytes]) -> bool:
    """Whether the page that opens the socket came from this very host and port."""
    origin = urlsplit(headers.get(b"origin", b"").decode("latin1").lower())
    host = headers.get(b"host", b"").decode("latin1").lower()
    return bool(host) and origin.scheme in {"http", "https"} and origin.netloc == host


def cursor(query: bytes) -> tuple[str, int]:
    """Epoch and seq of ``?epoch=..&seq=..``; what cannot be read is no cursor: ("", 0)."""
    fields = parse_qs(query.decode("latin1"))
    epoch, seq = fields.get("epoch", [""])[0], fields.get("seq", [""])[0]
    return (epoch, int(seq)) if seq.isascii() and seq.isdigit() and len(seq) < 12 else ("", 0)


def acknowledged(message: str | None) -> dict[str, int]:
    """The numbers in {"ack": number} or {"read": number}; none in what cannot be read."""
    if message is None or len(message) > LONGEST_MESSAGE:
        return {}
    with suppress(ValueError):
        told = json.loads(message)
        if isinstance(told, dict):
            return {name: number for name, number in told.items() if type(number) is int}
    return {}
