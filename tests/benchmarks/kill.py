"""The kill benchmark: from the commit of a kill to the vendor's closed socket, with many runs in one worker."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console.supervisor.child import Child
from console.supervisor.redis_server import private_redis
from tests.benchmarks.databases import Databases
from tests.benchmarks.measured_process import measured_by
from tests.benchmarks.ours import surroundings, wait_for_redis
from tests.benchmarks.rows import Database

NAME = "kill"
PATIENCE_S = 600
MOST_P50_MS, MOST_P99_MS = 20.0, 250.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """So many runs are killed one by one while as many as ``runs`` others are in flight, which one order then kills."""

    runs: int
    singles: int


FULL = Size(runs=200, singles=40)


def measure_kill(url: str, scratch: Path, size: Size) -> dict[str, Any]:
    """The figures of one database, which is empty. Raises CalledProcessError when the process failed."""
    var = scratch / f"kill-{abs(hash(url))}"
    (var / "log").mkdir(parents=True)
    program, redis_url = private_redis(folder=var)
    redis = Child(program, var=var, environment=dict(os.environ), say=lambda _line: None)
    try:
        wait_for_redis(redis_url)
        options = ("--runs", size.runs, "--singles", size.singles)
        given = surroundings(redis_url)
        return measured_by("our_kill", *options, url=url, scratch=var, patience_s=PATIENCE_S, **given)
    finally:
        redis.ask_to_end()
        redis.end(grace_seconds=3)


def judged(found: dict[str, Any], size: Size) -> list[tuple[str, bool]]:
    """One line a target, and whether it is met."""
    lines = []
    for title, times in (
        (f"one of {size.runs}+ runs in flight, {size.singles} times", found["one_by_one_ms"]),
        (f"all {size.runs} runs in flight by one order", found["together_ms"]),
    ):
        p50, p99 = at_percent(times, 50), at_percent(times, 99)
        lines.append(
            (
                f"{title}: commit to closed socket p50 {p50:.1f} ms, p99 {p99:.1f} ms, worst {max(times):.1f} ms "
                f"(p50 under {MOST_P50_MS:g} ms, p99 under {MOST_P99_MS:g} ms)",
                p50 < MOST_P50_MS and p99 < MOST_P99_MS,
            )
        )
    everyone = found["killed"] == size.runs + size.singles
    lines.append(
        (
            f"{found['killed']} killed, {found['started_after']} steps started after the commit; "
            f"acknowledged p99 {at_percent(found['acknowledged_ms'], 99):.0f} ms, "
            f"stopped p99 {at_percent(found['stopped_ms'], 99):.0f} ms",
            everyone and not found["started_after"],
        )
    )
    return lines


def at_percent(times: list[float], percent: int) -> float:
    """The time that so many percent of all do not exceed."""
    return sorted(times)[-(-len(times) * percent // 100) - 1]


def kill_table(databases: Databases, size: Size = FULL) -> tuple[str, dict[str, Any]]:
    """The table of both databases, and the raw figures."""
    texts, raw = [], {}
    for database in Database:
        found = measure_kill(databases.named(NAME, database), databases.scratch, size)
        raw[database.value] = found
        texts.append(f"Kill, {database.value}")
        texts += [f"  {'met   ' if met else 'MISSED'}  {text}" for text, met in judged(found, size)]
    return "\n".join(texts), raw
