"""The feed of one tenant's Overview: read once a second for all who watch, in words that are the same for all."""

from collections import deque

from budgets import clock
from budgets.models import Tenant
from console.live import ops
from console.live.overview_ops import overview_cells
from console.screens.overview.facts import read_facts
from console.screens.overview.page import page_of

FRAMES_KEPT = 200


class OverviewFeed:
    """Frames count from 1 in this process; until the first look no page's number is known here."""

    def __init__(self, tenant_id: int) -> None:
        self.seq = 0
        self._tenant_id = tenant_id
        self._frames: deque[str] = deque(maxlen=FRAMES_KEPT)
        self._cells: list[ops.Op] = []
        self._shape: tuple[object, ...] = ()

    def advance(self) -> str | None:
        """Look at everything anew; a frame with what has changed since the last look, None without any.

        What comes, goes or changes its place, and what depends on who looks, is then read again by each page itself.
        """
        page = page_of(read_facts(Tenant.objects.get(pk=self._tenant_id), clock.now()))
        before, self._cells = self._cells, overview_cells(page)
        shape, self._shape = self._shape, page.shape
        if not self.seq:
            self.seq = 1
            return None
        fresh = ops.changed(before, self._cells)
        if shape != self._shape:
            fresh.append(ops.REREAD_STATE)
        if not fresh:
            return None
        encoded = ops.encode(fresh)
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
