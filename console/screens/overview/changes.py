"""What has changed in the last hours: acts of people and breakers, the newest first. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from console.screens.overview.lines import CHANGES, Line, of_kind
from console.screens.tools.standing import LINK_STATUS

WORDS = {word.replace(" ", "_"): status for word, status in ((each.word, each) for each in LINK_STATUS.values())}


@dataclass(frozen=True, slots=True)
class Changed:
    """``who`` "" for what the house did by itself; ``times`` over 1: that often, in ``span_ms`` up to ``at``."""

    key: str
    at: datetime
    who: str
    verb: str
    what: str
    why: str
    run_id: str
    tone: str
    times: int = 1
    span_ms: int = 0


def changes_of(lines: Iterable[Line]) -> list[Changed]:
    """Acts and breakers together; a breaker that moves to and fro is told once, as it stands now."""
    moves: dict[str, list[Line]] = defaultdict(list)
    found = []
    for line in sorted(of_kind(lines, "act", "breaker"), key=lambda line: line.at, reverse=True):
        if line.kind == "act":
            found.append(_act(line))
        else:
            moves[line.ref].append(line)
    found += [_breaker(each) for each in moves.values()]
    return sorted(found, key=lambda change: change.at, reverse=True)[:CHANGES]


def _act(line: Line) -> Changed:
    return Changed(f"a-{line.at.timestamp()}", line.at, line.by, line.name, line.ref, line.note, line.run_id, "dim")


def _breaker(moves: Sequence[Line]) -> Changed:
    """One link's, newest first."""
    last, first = moves[0], moves[-1]
    status = WORDS.get(last.name)
    what = f"{last.ref} is {status.word if status else last.name}"
    tone = status.tone if status else "dim"
    span_ms = (last.at - first.at) // timedelta(milliseconds=1)
    return Changed(f"b-{last.at.timestamp()}", last.at, "", "", what, last.note, "", tone, len(moves), span_ms)
