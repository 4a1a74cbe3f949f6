"""The feed of one run: its trace in memory, advanced from event rows, shared by all who watch."""

from agents.models import Run
from console.live import ops
from console.live.models import LiveEpoch
from console.live.reading import events_after, read_runs
from console.live.rows import Change
from console.live.trace import Trace, served_llms
from console.screens.run.why import tells

OF_THE_STATE = ("run.", "kill.", "approval.", "effect.")
"""Kinds of event after which panels and verbs of the page may be others."""


class RunFeed:
    """All methods are synchronous and read the database: call them in a thread, one at a time."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.epoch = ""
        self._trace = Trace()
        self._run: Run | None = None
        self._state_seq = 0

    @property
    def seq(self) -> int:
        return self._trace.head

    def advance(self) -> str | None:
        """Read the rows after the last known one; a frame with what they change, None without any."""
        before = self.seq
        self.epoch = self.epoch or LiveEpoch.current()
        for seq, event in events_after(self.run_id, before):
            self._trace.apply(seq, event)
            if event.kind.startswith(OF_THE_STATE) or tells(event.kind, event.data):
                self._state_seq = seq
        if self.seq == before:
            return None
        # After the events, so that the head of the page is never older than its trace.
        self._run = next(iter(read_runs([self.run_id])), None)
        return self.replay(before)

    def replay(self, after: int) -> str:
        """One frame that brings a page from event ``after`` to the present."""
        span_ops = [op for change in self._trace.changes_after(after) for op in _span_ops(change, after)]
        head_ops = [*ops.run_cells(self._run), *ops.pace_cells(self._run)] if self._run else []
        head_ops.append(ops.text(f"r-{self.run_id}-served", served_llms(self._trace.spans)))
        if after == 0 and self._trace.first_at:
            head_ops.append(ops.attr(ops.TRACE_ROWS, "data-first-at", self._trace.first_at.isoformat()))
        reread = [ops.REREAD_STATE] if self._state_seq > after else []
        return ops.frame(seq=self.seq, prev=after, encoded_ops=ops.encode([*span_ops, *head_ops, *reread]))

    def refetch(self, epoch: str) -> str:
        """One frame that tells a page with another numbering to read its regions again."""
        return ops.frame(seq=self.seq, prev=self.seq, encoded_ops=ops.encode([ops.refetch(epoch)]))

    def knows(self, epoch: str, seq: int) -> bool:
        """Whether a page's cursor counts in this feed."""
        return epoch == self.epoch and 0 <= seq <= self.seq


def _span_ops(change: Change, after: int) -> list[ops.Op]:
    return [ops.appended(change.span)] if change.born_seq > after else ops.span_cells(change.span)
