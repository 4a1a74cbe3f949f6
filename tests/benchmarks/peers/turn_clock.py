"""Give every benchmark script the same work, command line, stopwatch and answer; standard library only.

A contender says how to start its runs; this module says what one run does, times it and prints one JSON line.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

ANSWER = "All orders were looked up."
TOOL_NAME = "lookup_order"
WARM_UP_TURNS = 5

StartRuns = Callable[[int, int], None]
"""Takes (runs, turns), starts that many runs at once and returns when each has answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What the command line asked for; `database` is a URL, or `none` for a contender that keeps nothing."""

    database: str
    turns: int
    runs: int
    repetitions: int


def order_text(order: int) -> str:
    """Return what the tool says about an order: some 130 characters, like a small row of a real shop."""
    return (
        f"Order {order}: two pairs of walking boots, paid by card, parcel handed to the carrier, "
        "expected on Thursday before noon, no notes."
    )


def read_command_line() -> Work:
    """Read the arguments every contender takes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", required=True, help="sqlite:///PATH, postgresql://..., or none")
    parser.add_argument("--turns", type=int, default=50, help="LLM call plus tool call, so many times a run")
    parser.add_argument("--runs", type=int, default=1, help="runs started at the same moment")
    parser.add_argument("--repetitions", type=int, default=1)
    given = parser.parse_args()
    return Work(database=given.database, turns=given.turns, runs=given.runs, repetitions=given.repetitions)


def measure(*, peer: str, versions: dict[str, str], work: Work, start_runs: StartRuns) -> None:
    """Time the work and print the one JSON line the runner reads.

    One short unmeasured run goes first, so that imports, connections and prepared statements are warm.
    """
    start_runs(1, WARM_UP_TURNS)
    seconds = [_timed(start_runs, work) for _ in range(work.repetitions)]
    turns = work.runs * work.turns
    answer = {
        "peer": peer,
        "versions": versions,
        "database": work.database.partition(":")[0],
        "turns": work.turns,
        "runs": work.runs,
        "per_turn_ms": [round(1000 * each / turns, 4) for each in seconds],
        "turns_per_s": round(turns / statistics.median(seconds), 2),
    }
    sys.stdout.write(json.dumps(answer) + "\n")


def _timed(start_runs: StartRuns, work: Work) -> float:
    """Return the wall seconds from the first start to the last answer."""
    started_at = time.perf_counter()
    start_runs(work.runs, work.turns)
    return time.perf_counter() - started_at
