"""Print what was compared: the machine, a table a row, and whether the row's target is met."""

from __future__ import annotations

import datetime as dt
import os
import platform
from pathlib import Path

from tests.benchmarks.comparison import Comparison
from tests.benchmarks.measurements import Standing
from tests.benchmarks.rows import ORIENTATION, OURS, Unit

NAME_WIDTH = 18
CPU_FACTS = Path("/proc/cpuinfo")


def describe_machine() -> dict[str, str]:
    """Return the facts without which a figure means nothing."""
    facts = CPU_FACTS.read_text() if CPU_FACTS.exists() else ""
    names = [line.partition(":")[2].strip() for line in facts.splitlines() if line.startswith("model name")]
    return {
        "cpu": names[0] if names else platform.machine(),
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        "date": dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "load": f"{os.getloadavg()[0]:.2f}",
    }


def machine_line(machine: dict[str, str]) -> str:
    """Return the first line of the output; the load tells how busy the machine was before the start."""
    return "{cpu}, {cores} cores, Python {python}, {date}, load before the start {load}".format(**machine)


def table(comparison: Comparison) -> str:
    """Return one row as a table: median, min and max in its unit, and ours divided by the contender's."""
    row = comparison.row
    head = f"{row.title}: {row.runs} x {row.turns} turns, {row.unit.value}"
    columns = f"  {'peer':{NAME_WIDTH}}{'median':>10}{'min':>10}{'max':>10}{'ours / it':>12}"
    lines = [_line(comparison, standing) for standing in comparison.standings]
    return "\n".join([head, columns, *lines, f"  {_verdict(comparison)}"])


def _line(comparison: Comparison, standing: Standing) -> str:
    name = f"  {standing.contender:{NAME_WIDTH}}"
    median = standing.median_ms
    if median is None:
        return f"{name}{standing.absent}"
    show = comparison.row.unit.show
    low, high = sorted((show(min(standing.per_turn_ms)), show(max(standing.per_turn_ms))))
    ratio = comparison.ratio_to_ours(standing.contender)
    against = "" if ratio is None or standing.contender == OURS else f"{ratio:.2f} x"
    note = "   (keeps nothing)" if standing.contender == ORIENTATION else ""
    packages = "  " + " ".join(f"{name} {number}" for name, number in list(standing.versions.items())[:1])
    return f"{name}{show(median):>10.2f}{low:>10.2f}{high:>10.2f}{against:>12}{packages}{note}"


def _verdict(comparison: Comparison) -> str:
    row = comparison.row
    bound = "at most" if row.unit is Unit.MS_PER_TURN else "at least"
    best = row.target.peers[0] if len(row.target.peers) == 1 else "the best durable peer"
    wanted = f"target: {bound} {row.target.ratio} x {best}"
    ratio, met = comparison.ratio_to_best(), comparison.meets_target()
    if ratio is None or met is None:
        return f"{wanted}: cannot be told"
    return f"{wanted}: {'met' if met else 'MISSED'} with {ratio:.2f} x"


def as_json(comparison: Comparison) -> dict[str, object]:
    """Return one row with every raw figure, for `--json`."""
    row = comparison.row
    return {
        "row": row.name,
        "database": row.database.value,
        "turns": row.turns,
        "runs": row.runs,
        "target": {
            "peers": list(row.target.peers),
            "ratio": row.target.ratio,
            "met": comparison.meets_target(),
        },
        "contenders": [_standing_json(standing) for standing in comparison.standings],
    }


def _standing_json(standing: Standing) -> dict[str, object]:
    return {
        "peer": standing.contender,
        "versions": standing.versions,
        "per_turn_ms": standing.per_turn_ms,
        "median_ms": standing.median_ms,
        "absent": standing.absent,
    }
