"""How much a server may say: a message's size, and how many of how much together in a while."""

import time

MESSAGE_BYTES = 8 * 1024 * 1024
WINDOW_SECONDS = 10.0
WINDOW_MESSAGES = 2_000
WINDOW_BYTES = 4 * MESSAGE_BYTES


class Flood(Exception):
    """A server says more than anybody can listen to; the message is the rest of a sentence about it."""


class Allowance:
    """What one session may still say in the present window."""

    def __init__(self) -> None:
        self._began_at = time.monotonic()
        self._messages = 0
        self._bytes = 0

    def take(self, *, messages: int, size: int) -> None:
        """Count what was said. Raises Flood when it was too much."""
        now = time.monotonic()
        if now - self._began_at >= WINDOW_SECONDS:
            self._began_at, self._messages, self._bytes = now, 0, 0
        self._messages += messages
        self._bytes += size
        if self._messages > WINDOW_MESSAGES or self._bytes > WINDOW_BYTES:
            raise Flood(
                f"it floods: more than {WINDOW_MESSAGES:,} messages or {WINDOW_BYTES // 1024 // 1024} MB "
                f"within {WINDOW_SECONDS:.0f} s"
            )
