"""The money benchmark: runs the measured process on both databases and says whether each target is met."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.databases import Databases
from tests.benchmarks.measured_process import measured_by
from tests.benchmarks.rows import Database

NAME = "money"
PATIENCE_S = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is done: so many processes with so many calls each race to a cap, then pairs are timed."""

    processes: int
    calls: int
    cap: int
    pairs: int
    callers: int

    @property
    def options(self) -> list[str]:
        """The command line of `our_money`."""
        return [word for name in self.__slots__ for word in (f"--{name}", str(getattr(self, name)))]


FULL = Size(processes=64, calls=200, cap=1000, pairs=300, callers=16)
MOST_MS = {Database.SQLITE: 4.0, Database.POSTGRES: 6.0}
LEAST_PER_S = 400.0


def measure_money(url: str, scratch: Path, size: Size) -> dict[str, Any]:
    """The figures of one database, which is empty. Raises CalledProcessError when the process failed."""
    return measured_by("our_money", *size.options, url=url, scratch=scratch, patience_s=PATIENCE_S)


def judged(database: Database, found: dict[str, Any], size: Size) -> list[tuple[str, bool]]:
    """One line a target, and whether it is met; throughput has a target on PostgreSQL only."""
    race, pair, per_second = found["race"], found["pair_ms"], found["pairs_per_s"]
    fits = race["admitted"] == size.cap and race["refused"] == size.processes * size.calls - size.cap
    exact = fits and not race["errors"] and not race["overshoot_nanos"] and not race["broken"]
    most_ms = MOST_MS[database]
    lines = [
        (
            f"{size.processes} processes x {size.calls} calls against a cap for {size.cap}: "
            f"{race['admitted']} admitted, {race['refused']} refused, other errors {race['errors'] or 'none'}, "
            f"overshoot {race['overshoot_nanos']} nano-USD, ledger {race['broken'] or 'adds up'}, "
            f"{race['seconds']:.1f} s",
            exact,
        ),
        (
            f"reserve and settle on 6 accounts, 2 commits: p50 {pair['p50']:.2f} ms, p95 {pair['p95']:.2f} ms "
            f"(p50 under {most_ms:g} ms)",
            pair["p50"] < most_ms,
        ),
    ]
    throughput = f"{size.callers} callers on one tenant through the recorder: {per_second:,.0f} pairs/s"
    if database is Database.POSTGRES:
        lines.append((f"{throughput} (over {LEAST_PER_S:g})", per_second > LEAST_PER_S))
    else:
        lines.append((throughput, True))
    return lines


def money_table(databases: Databases, size: Size = FULL) -> tuple[str, dict[str, Any]]:
    """The table of both databases, and the raw figures."""
    texts, raw = [], {}
    for database in Database:
        found = measure_money(databases.named(NAME, database), databases.scratch, size)
        raw[database.value] = found
        texts.append(f"Money, {database.value}")
        texts += [f"  {'met   ' if met else 'MISSED'}  {text}" for text, met in judged(database, found, size)]
    return "\n".join(texts), raw
