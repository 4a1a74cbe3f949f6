"""The command line of the benchmarks: `python -m tests.benchmarks`."""

from __future__ import annotations

import argparse
import dataclasses
import json
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tests.benchmarks.boundary import NAME as BOUNDARY
from tests.benchmarks.boundary import boundary_table
from tests.benchmarks.comparison import Comparison, compare
from tests.benchmarks.databases import Databases
from tests.benchmarks.kill import NAME as KILL
from tests.benchmarks.kill import kill_table
from tests.benchmarks.live import MINUTES, live_table
from tests.benchmarks.live import NAME as LIVE
from tests.benchmarks.money import NAME as MONEY
from tests.benchmarks.money import money_table
from tests.benchmarks.pages import NAME as PAGES
from tests.benchmarks.pages import pages_table
from tests.benchmarks.report import as_json, describe_machine, machine_line, table
from tests.benchmarks.rows import ROWS, Row
from tests.benchmarks.waiting import NAME as WAITING
from tests.benchmarks.waiting import waiting_table

MakeTable = Callable[[Databases], tuple[str, dict[str, Any]]]
REPETITIONS = 5
QUICK_REPETITIONS = 3
TABLES: dict[str, MakeTable] = {
    MONEY: money_table,
    KILL: kill_table,
    WAITING: waiting_table,
    BOUNDARY: boundary_table,
    LIVE: live_table,
    PAGES: pages_table,
}


def main() -> int:
    """Run the rows asked for; exit 1 when a contender failed, which a target that is missed is not."""
    given = _parse()
    for request in (signal.SIGTERM, signal.SIGINT):
        signal.signal(request, _end_cleanly)
    repetitions = given.repetitions or (QUICK_REPETITIONS if given.quick else REPETITIONS)
    machine = describe_machine()
    _print(machine_line(machine))
    comparisons: list[Comparison] = []
    with Databases() as databases:
        for row in _chosen(given.rows, turns=given.turns):
            comparison = compare(row, databases, repetitions=repetitions, tell=_progress)
            _print("\n" + table(comparison))
            comparisons.append(comparison)
        makers: dict[str, MakeTable] = {**TABLES, LIVE: partial(live_table, minutes=given.minutes)}
        tables = {
            name: _table(name, make, databases) for name, make in makers.items() if not given.rows or name in given.rows
        }
    if given.json:
        rows = [as_json(comparison) for comparison in comparisons]
        told = {"machine": machine, "repetitions": repetitions, "rows": rows, **tables}
        given.json.write_text(json.dumps(told, indent=2))
    return int(any(standing.failed for each in comparisons for standing in each.standings))


def _table(name: str, make: MakeTable, databases: Databases) -> dict[str, Any]:
    _progress(name)
    text, raw = make(databases)
    _print("\n" + text)
    return raw


def _parse() -> argparse.Namespace:
    names = [*(row.name for row in ROWS), *TABLES]
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="Compare us with our peers.")
    parser.add_argument("rows", nargs="*", metavar="row", help=f"some of: {', '.join(names)}; all when none is named")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_REPETITIONS} repetitions, not {REPETITIONS}")
    parser.add_argument("--repetitions", type=_count, help="so many repetitions")
    parser.add_argument("--turns", type=_count, help="so many turns a run, in every row")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="so long the live feed is watched on a database")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the raw figures there")
    given = parser.parse_args()
    if unknown := sorted(set(given.rows) - set(names)):
        parser.error(f"no row named {', '.join(unknown)}; there are {', '.join(names)}")
    if given.json and not given.json.absolute().parent.is_dir():
        parser.error(f"there is no folder {given.json.absolute().parent}")
    return given


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("a whole number from 1 is needed")
    return int(text)


def _chosen(names: list[str], *, turns: int | None) -> list[Row]:
    rows = [row for row in ROWS if not names or row.name in names]
    return [dataclasses.replace(row, turns=turns) if turns else row for row in rows]


def _end_cleanly(signal_number: int, _frame: object) -> None:
    """Turn a request to end into an exception, so that PostgreSQL is stopped and the folders go."""
    raise SystemExit(128 + signal_number)


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _progress(text: str) -> None:
    """Say what is going on, on stderr, so that the table can be piped."""
    sys.stderr.write(f"  {text}\n")


if __name__ == "__main__":
    sys.exit(main())
