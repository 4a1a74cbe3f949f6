"""The feed of the Tools screen: breakers hold for all tenants, so one feed serves all who watch."""

from collections import deque

from agents.models import ToolHealth
from console.live import ops
from console.live.tool_ops import tool_cells
from console.screens.tools.known import known_tools
from console.screens.tools.standing import standing_of

FRAMES_KEPT = 500


class ToolsFeed:
    """Frames count from 1 in this process; until the first look no page's number is known here."""

    def __init__(self) -> None:
        self.seq = 0
        self._frames: deque[str] = deque(maxlen=FRAMES_KEPT)
        self._cells: dict[str, list[ops.Op]] = {}

    def advance(self) -> str | None:
        """Look at the breakers in three queries; a frame with what has changed since the last look, None without any.

        What changes as a whole (rows that come or go, their order, figures) is then read again by the page itself.
        """
        before, self._cells = self._cells, _cells_now()
        if not self.seq:
            self.seq = 1
            return None
        fresh = [op for name, cells in self._cells.items() for op in ops.changed(before.get(name, ()), cells)]
        if not fresh and before.keys() == self._cells.keys():
            return None
        encoded = ops.encode([*fresh, ops.REREAD_STATE])
        self._frames.append(encoded)
        self.seq += 1
        return ops.frame(seq=self.seq, prev=self.seq - 1, encoded_ops=encoded)

    def knows(self, seq: int) -> bool:
        """Whether every frame after ``seq`` is still here."""
        return 0 < self.seq - len(self._frames) <= seq <= self.seq

    def replay(self, after: int) -> str:
        """All frames after ``after`` as one."""
        missed = list(self._frames)[len(self._frames) - (self.seq - after) :] if after < self.seq else []
        return ops.frame(seq=self.seq, prev=after, encoded_ops=",".join(missed))

    def refetch(self, epoch: str) -> str:
        """One frame that tells a page with another numbering to read its regions again."""
        return ops.frame(seq=self.seq, prev=self.seq, encoded_ops=ops.encode([ops.refetch(epoch)]))


def _cells_now() -> dict[str, list[ops.Op]]:
    health = {row.link: row for row in ToolHealth.objects.all()}
    return {tool.name: tool_cells(tool, standing_of(tool, health)) for tool in known_tools(health)}
