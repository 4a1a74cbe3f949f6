"""What has changed in the last hours: acts of people and breakers, the newest first. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from console.screens.overview.lines import CHANGES, Line, of_kind
from console.screens.tools.standing import LINK_STATUS

WORDS = {word.replace(" ", "_"): status for word, status in ((each.word, each) for each in LINK_STATUS.values())}


@dataclass(frozen=True, slots=True)
class Changed:
    """``who`` "" for what the house did by itself."""

    key: str
    at: datetime
    who: str
    verb: str
    what: str
    why: str
    run_id: str
    tone: str


def changes_of(lines: Iterable[Line]) -> list[Changed]:
    """Acts and breakers together."""
    found = [_act(line) if line.kind == "act" else _breaker(line) for line in of_kind(lines, "act", "breaker")]
    return sorted(found, key=lambda change: change.at, reverse=True)[:CHANGES]


def _act(line: Line) -> Changed:
    return Changed(f"a-{line.at.timestamp()}", line.at, line.by, line.name, line.ref, line.note, line.run_id, "dim")


def _breaker(line: Line) -> Changed:
    status = WORDS.get(line.name)
    what = f"{line.ref} is {status.word if status else line.name}"
    return Changed(f"b-{line.at.timestamp()}", line.at, "", "", what, line.note, "", status.tone if status else "dim")
