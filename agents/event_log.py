"""The trace as JSON lines on stdout, for whoever collects logs; rows stay the truth."""

import json
import sys
from collections.abc import Sequence

from agents.contracts.events import Event
from agents.journal.gate import readable


def write_lines(events: Sequence[tuple[str, int, Event]]) -> None:
    """Write committed events, one a line: run id, sequence number, and the event's own fields."""
    lines = [_line(run_id, seq, event) for run_id, seq, event in events]
    sys.stdout.write("".join(lines))
    sys.stdout.flush()


def _line(run_id: str, seq: int, event: Event) -> str:
    fields = event.model_dump(mode="json", exclude={"data"}, exclude_none=True)
    head = json.dumps({"run": run_id, "seq": seq, **fields})
    return f'{head[:-1]}, "data": {readable(event.data)}}}\n'
