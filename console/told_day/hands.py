"""The clock of a told day: it stands where it is set, and moves only when something is said to take time."""

from datetime import datetime, timedelta

TICK = timedelta(milliseconds=1)


class Hands:
    """An instant that one run after the other moves on; each starts at its own launch, however long the last took."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """The present instant; no two are the same."""
        self.at += TICK
        return self.at

    def stand_at(self, at: datetime) -> None:
        """Go on from another instant, earlier or later."""
        self.at = at

    def spend(self, seconds: float) -> None:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)
