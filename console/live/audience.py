"""Who watches one feed; everybody is handed the same text."""

import time
from collections.abc import Callable, Iterable

from console.live.viewer import Viewer

Clock = Callable[[], float]


class Audience:
    """The sockets that watch one feed."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self.viewers: set[Viewer] = set()
        self._clock = clock

    def __bool__(self) -> bool:
        return bool(self.viewers)

    @property
    def reading(self) -> bool:
        """Whether anybody would take a frame now; for nobody no rows are read."""
        return any(viewer.window.open for viewer in self.viewers)

    def leave_behind(self) -> None:
        """There is something new, and nobody takes it now: all catch up when they have room again."""
        for viewer in self.viewers:
            viewer.window.behind = True

    async def hand(self, frame: str, *, prev: int, seq: int) -> None:
        """The frame to all who have come as far as ``prev`` and keep up."""
        await self._send((each for each in list(self.viewers) if each.window.takes(prev)), frame, seq)

    async def hand_to(self, viewer: Viewer, frame: str, *, seq: int) -> None:
        """A frame for one: what it missed."""
        await self._send([viewer], frame, seq)

    async def _send(self, viewers: Iterable[Viewer], frame: str, seq: int) -> None:
        for viewer in viewers:
            viewer.window.note_sent(seq, self._clock())
            await viewer.show(frame)
