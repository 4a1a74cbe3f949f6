"""The feed of a tenant's runs list: a ring of the last frames, numbered by this process."""

from collections import OrderedDict, deque
from datetime import datetime

from agents.models import Run
from console.live import ops

FRAMES_KEPT = 2_000
RUNS_REMEMBERED = 2_000


class TenantFeed:
    """Frames count from 1 in this process; pages carry the process's boot id as their epoch.

    While nobody wants the list nothing is read: the number then moves on without a frame, so that a page from
    before reads its rows again instead of missing something.
    """

    def __init__(self, since: datetime) -> None:
        self.seq = 0
        self._since = since
        self._frames: deque[str] = deque(maxlen=FRAMES_KEPT)
        self._cells: OrderedDict[str, list[ops.Op]] = OrderedDict()

    def skip(self) -> None:
        """Something changed that nobody wanted to know."""
        self.seq += 1
        self._frames.clear()
        self._cells.clear()

    def record(self, run: Run) -> str | None:
        """A frame with what is new about the run, or None when the list shows nothing of it."""
        cells = [*ops.run_cells(run), *ops.pace_cells(run)]
        known = self._cells.get(run.id)
        fresh = ops.changed(known or (), cells)
        if known is None and run.created_at >= self._since:
            fresh.insert(0, ops.pill(run.id))
        if not fresh:
            return None
        if known is None or any(op.get("name") == "data-state" for op in fresh):
            fresh.append(ops.REREAD_FIGURES)
        self._remember(run.id, cells)
        self.seq += 1
        encoded = ops.encode(fresh)
        self._frames.append(encoded)
        return ops.frame(seq=self.seq, prev=self.seq - 1, encoded_ops=encoded)

    def _remember(self, run_id: str, cells: list[ops.Op]) -> None:
        self._cells[run_id] = cells
        self._cells.move_to_end(run_id)
        if len(self._cells) > RUNS_REMEMBERED:
            self._cells.popitem(last=False)

    def knows(self, seq: int) -> bool:
        """Whether every frame after ``seq`` is still here."""
        return self.seq - len(self._frames) <= seq <= self.seq

    def replay(self, after: int) -> str:
        """All frames after ``after`` as one."""
        missed = list(self._frames)[len(self._frames) - (self.seq - after) :] if after < self.seq else []
        return ops.frame(seq=self.seq, prev=after, encoded_ops=",".join(missed))

    def refetch(self, epoch: str) -> str:
        """One frame that tells a page with another numbering to read its regions again."""
        return ops.frame(seq=self.seq, prev=self.seq, encoded_ops=ops.encode([ops.refetch(epoch)]))
