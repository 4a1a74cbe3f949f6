"""Flow control of one socket: what was sent, what was read, and how long the reader may take."""

from collections import deque

FRAMES_IN_FLIGHT = 16
SECONDS_TO_ACKNOWLEDGE = 20.0
"""With the five seconds between two looks and a close that nobody answers it makes less than thirty."""


class Window:
    """A socket's cursor.

    Frames go out only while few are unread: the server under us buffers without bound.
    """

    def __init__(self, cursor: int) -> None:
        self.sent = cursor
        self.behind = False
        self._in_flight: deque[tuple[int, float]] = deque()

    @property
    def open(self) -> bool:
        return len(self._in_flight) < FRAMES_IN_FLIGHT

    def takes(self, prev: int) -> bool:
        """Whether a frame that goes on from ``prev`` may be sent now; if not, the reader catches up later."""
        if self.open and not self.behind and self.sent == prev:
            return True
        self.behind = True
        return False

    def note_sent(self, seq: int, now: float) -> None:
        self.sent = seq
        self.behind = False
        self._in_flight.append((seq, now))

    def acknowledge(self, seq: int) -> None:
        """The reader has applied everything up to ``seq``."""
        while self._in_flight and self._in_flight[0][0] <= seq:
            self._in_flight.popleft()

    def overdue(self, now: float) -> bool:
        """Whether the reader has left a frame unread for too long."""
        return bool(self._in_flight) and now - self._in_flight[0][1] > SECONDS_TO_ACKNOWLEDGE
