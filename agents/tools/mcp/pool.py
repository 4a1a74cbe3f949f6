"""The sessions of a worker process: one for each server, and for each set of secrets that it is called with."""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple
from weakref import WeakKeyDictionary

from agents.tools.mcp.servers import Endpoint
from agents.tools.mcp.session import Session

MOST_SESSIONS = 40
CLOSE_SECONDS = 5.0


class Full(Exception):
    """Every session that there may be is in use."""


class Key(NamedTuple):
    """Tenants with secrets of their own do not share a session; a server that was edited gets a new one."""

    server: str
    endpoint: str
    filled: str


class Sessions:
    """The sessions of one event loop."""

    def __init__(self) -> None:
        self._open: dict[Key, Session] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def of(self, endpoint: Endpoint, secrets: Mapping[str, str]) -> Session:
        """The session with a server, opened when there is none. Raises MissingSecret, Full."""
        filled = endpoint.filled(secrets)
        key = Key(endpoint.name, endpoint.fingerprint, filled.fingerprint)
        found = self._open.get(key)
        if found is not None and not found.over:
            return found
        self._make_room(key)
        session = self._open[key] = Session(filled)
        return session

    async def close(self) -> None:
        """End all of them together, within seconds."""
        for key in list(self._open):
            self._close(key)
        if self._closing:
            await asyncio.wait(self._closing, timeout=CLOSE_SECONDS)

    def _make_room(self, wanted: Key) -> None:
        """Let go of what is over, of what was edited, and of what was not used for longest when there are too many."""
        for key, session in list(self._open.items()):
            edited = key.server == wanted.server and key.endpoint != wanted.endpoint
            if session.over or (edited and not session.users):
                self._close(key)
        if len(self._open) < MOST_SESSIONS:
            return
        idle = [key for key, session in self._open.items() if not session.users]
        if not idle:
            raise Full
        self._close(min(idle, key=lambda key: self._open[key].used_at))

    def _close(self, key: Key) -> None:
        closing = asyncio.get_running_loop().create_task(self._open.pop(key).close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)


_of_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, Sessions] = WeakKeyDictionary()


def sessions() -> Sessions:
    """The running loop's sessions."""
    return _of_loops.setdefault(asyncio.get_running_loop(), Sessions())


async def close_sessions() -> None:
    """End the running loop's sessions, and their programs."""
    await sessions().close()
