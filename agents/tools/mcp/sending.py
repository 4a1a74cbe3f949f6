"""What is known of the request that a caller has under way: whether it left, and on which line."""

import socket
from contextlib import suppress
from contextvars import ContextVar
from typing import Protocol


class Line(Protocol):
    """As much of a socket as it takes to leave."""

    def shutdown(self, how: int, /) -> None: ...


class Sending:
    """One request of a caller. ``sent`` is True once its first byte may have left."""

    def __init__(self) -> None:
        self.sent = False
        self.line: Line | None = None

    def hang_up(self) -> None:
        """Let the far end see at once that nobody listens any more; a pipe that others use too stays open."""
        if self.line is not None:
            with suppress(OSError):
                self.line.shutdown(socket.SHUT_RDWR)


SENDING: ContextVar[Sending | None] = ContextVar("SENDING", default=None)
"""Set by whoever calls a tool; the transports run in its context."""
