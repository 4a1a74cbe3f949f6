"""The feed of one run: the end of its trace in memory, advanced from event rows, shared by all who watch."""

from agents.models import Run
from console.live import ops
from console.live.models import LiveEpoch
from console.live.reading import events_after, read_runs
from console.live.rows import Change
from console.live.served import served_before, served_by, served_words
from console.live.trace import Trace
from console.live.window import beginning_of_newest
from console.screens.run.why import tells

OF_THE_STATE = ("run.", "kill.", "approval.", "effect.")
"""Kinds of event after which panels and verbs of the page may be others."""
LARGEST_FRAME = 200_000
"""Characters; the server sends no message over a megabyte. Whoever missed more reads the page's regions again."""
MOST_ROWS, KEPT_ROWS = 300, 150
"""Of a run that goes on for days only the newest rows are kept, a kilobyte each; pages from before them read theirs
again, as whoever has missed so much does anyway: some 130 rows fill the largest frame."""


class RunFeed:
    """All methods are synchronous and read the database: call them in a thread, one at a time."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.epoch = ""
        self._trace: Trace | None = None
        self._served: dict[str, None] = {}
        self._run: Run | None = None
        self._state_seq = 0

    @property
    def seq(self) -> int:
        return self._trace.head if self._trace else 0

    def advance(self) -> str | None:
        """Read the rows after the last known one; a frame with what they change, None without any."""
        trace = self._trace = self._trace or self._begun()
        before = trace.head
        self.epoch = self.epoch or LiveEpoch.current()
        events = events_after(self.run_id, before)
        if not events:
            return None
        # After the events, so that the head of the page is never older than its trace; and before any of them is
        # folded, so that a read that fails leaves all of them to the next one.
        self._run = next(iter(read_runs([self.run_id])), None)
        for seq, event in events:
            trace.apply(seq, event)
            self._served |= dict.fromkeys(served_by(event.kind, event.data))
            if event.kind.startswith(OF_THE_STATE) or tells(event.kind, event.data):
                self._state_seq = seq
        frame = self.replay(before)
        if len(trace.spans) > MOST_ROWS:
            trace.forget(KEPT_ROWS)
        return frame

    def replay(self, after: int) -> str:
        """One frame that brings a page from event ``after`` to the present, or has it read again what it missed."""
        trace = self._trace = self._trace or self._begun()
        span_ops = [op for change in trace.changes_after(after) for op in _span_ops(change, after)]
        head_ops = [*ops.run_cells(self._run), *ops.pace_cells(self._run)] if self._run else []
        head_ops.append(ops.text(f"r-{self.run_id}-served", served_words(self._served)))
        if after == 0 and trace.first_at:
            head_ops.append(ops.attr(ops.TRACE_ROWS, "data-first-at", trace.first_at.isoformat()))
        reread = [ops.REREAD_STATE] if self._state_seq > after else []
        frame = ops.frame(seq=self.seq, prev=after, encoded_ops=ops.encode([*span_ops, *head_ops, *reread]))
        return frame if len(frame) <= LARGEST_FRAME else self.refetch(self.epoch)

    def refetch(self, epoch: str) -> str:
        """One frame that tells a page with another numbering to read its regions again."""
        return ops.frame(seq=self.seq, prev=self.seq, encoded_ops=ops.encode([ops.refetch(epoch)]))

    def knows(self, epoch: str, seq: int) -> bool:
        """Whether a page's cursor counts in this feed, and lies where the feed knows what has changed since."""
        return epoch == self.epoch and self._trace is not None and self._trace.known_from <= seq <= self.seq

    def has_ended(self, span_id: str) -> bool:
        """Whether the span's end is among the rows that were read."""
        span = self._trace.find(span_id) if self._trace else None
        return span is not None and not span.open

    def _begun(self) -> Trace:
        """A fold that begins where a page that is painted now begins: nobody needs what came before."""
        begin = beginning_of_newest(self.run_id)
        self._served = dict.fromkeys(served_before(self.run_id, begin.seq + 1)) if begin.seq else {}
        return Trace(begin)


def _span_ops(change: Change, after: int) -> list[ops.Op]:
    return [ops.appended(change.span)] if change.born_seq > after else ops.span_cells(change.span)
