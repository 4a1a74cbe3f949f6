"""Read what a benchmark script prints: one JSON line a process."""

from __future__ import annotations

import json
import statistics
from dataclasses import dataclass, field


class UnreadableAnswerError(ValueError):
    """A benchmark script printed something other than its one JSON line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """The answer of one process: wall milliseconds a turn, one figure a repetition."""

    peer: str
    versions: dict[str, str]
    turns: int
    runs: int
    per_turn_ms: list[float]


@dataclass(slots=True, kw_only=True)
class Standing:
    """All that is known of one contender in one row; `absent` says why it has no figures."""

    contender: str
    per_turn_ms: list[float] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    absent: str = ""
    failed: bool = False

    def add(self, measurement: Measurement) -> None:
        """Take one more process's figures in."""
        self.per_turn_ms += measurement.per_turn_ms
        self.versions = measurement.versions

    def give_up(self, reason: str, *, failed: bool) -> None:
        """Leave the contender out of the rest of the row, with the reason to print."""
        self.absent, self.failed = reason, failed
        self.per_turn_ms.clear()

    @property
    def median_ms(self) -> float | None:
        """The median wall milliseconds a turn, or None without figures."""
        return statistics.median(self.per_turn_ms) if self.per_turn_ms else None


def read_measurement(stdout: str, *, turns: int, runs: int) -> Measurement:
    """Parse the last line a script printed and check that it did the work that was asked for.

    Raises UnreadableAnswerError with what was wrong.
    """
    line = stdout.strip().rpartition("\n")[2]
    try:
        answer = json.loads(line)
        found = Measurement(
            peer=str(answer["peer"]),
            versions={str(name): str(number) for name, number in answer["versions"].items()},
            turns=int(answer["turns"]),
            runs=int(answer["runs"]),
            per_turn_ms=[float(each) for each in answer["per_turn_ms"]],
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableAnswerError(f"no JSON line but {line[:120]!r}") from error
    if (found.turns, found.runs) != (turns, runs):
        raise UnreadableAnswerError(f"measured {found.runs} x {found.turns} turns, asked for {runs} x {turns}")
    if not found.per_turn_ms or min(found.per_turn_ms) <= 0:
        raise UnreadableAnswerError("the line has no times")
    return found
