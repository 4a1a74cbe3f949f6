"""What the LLM of a watched run is writing now, as far as this process has heard, and what a viewer has of it."""

import time

from agents.writing import KEPT_CHARACTERS, Piece
from console.live.flow import SECONDS_TO_ACKNOWLEDGE

NOTHING = Piece("", 0, 0, "")


class Written:
    """The text so far. After a hole the rest is shown alone, until the worker says the whole again in two seconds."""

    def __init__(self) -> None:
        self.known = NOTHING

    def take(self, piece: Piece) -> None:
        """Add a piece."""
        known = self.known
        if (piece.span_id, piece.attempt) != (known.span_id, known.attempt):
            self.known = piece
            return
        end = known.at + len(known.text)
        if piece.at < known.at or piece.at > end:
            self.known = piece
        elif piece.at + len(piece.text) > end:
            self._keep(known.text[: piece.at - known.at] + piece.text)

    def forget(self) -> None:
        """The step is recorded: its row has the text now."""
        self.known = NOTHING

    def _keep(self, text: str) -> None:
        known, dropped = self.known, max(0, len(text) - KEPT_CHARACTERS)
        self.known = Piece(known.span_id, known.attempt, known.at + dropped, text[dropped:])


class Reader:
    """How much of it one viewer has. One message is on its way at a time, so who reads slowly is sent less often."""

    def __init__(self) -> None:
        self._has = NOTHING
        self._number = 0
        self._sent_at: float | None = None

    def next(self, known: Piece) -> str | None:
        """The message that brings the viewer to the present; None while one is unread, or when there is nothing new."""
        if self._sent_at is not None or not known.text:
            return None
        at = known.at
        if (known.span_id, known.attempt) == (self._has.span_id, self._has.attempt):
            end = self._has.at + len(self._has.text)
            if end == at + len(known.text) and self._has.at <= at:
                return None
            if self._has.at <= known.at <= end:
                at = end
        self._has = known
        self._number += 1
        self._sent_at = time.monotonic()
        piece = Piece(known.span_id, known.attempt, at, known.text[at - known.at :])
        return f'{{"text":{self._number},"piece":{piece.to_json()}}}'

    def acknowledge(self, number: int) -> None:
        """The viewer has it."""
        if number == self._number:
            self._sent_at = None

    def overdue(self, now: float) -> bool:
        """Whether the viewer has left it unread for too long."""
        return self._sent_at is not None and now - self._sent_at > SECONDS_TO_ACKNOWLEDGE
