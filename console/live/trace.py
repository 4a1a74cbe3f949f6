"""The fold of a run's events into the rows of its trace: the same for first paint and live updates."""

from collections.abc import Iterable

from agents.contracts.events import Event
from console.live.rows import Rows
from console.live.rules import RULES
from console.live.span import Span


class Trace(Rows):
    """A trace that events are added to, one after the other."""

    def apply(self, seq: int, event: Event) -> None:
        """Take the run's event number ``seq``; one that was taken before changes nothing."""
        if seq <= self.head:
            return
        self.head = seq
        self.first_at = self.first_at or event.at
        if rule := RULES.get(event.kind):
            rule(self, event)


def fold(events: Iterable[Event]) -> list[Span]:
    """The rows of the trace that these events, from the run's first on, tell."""
    trace = Trace()
    for seq, event in enumerate(events, start=1):
        trace.apply(seq, event)
    return trace.spans
