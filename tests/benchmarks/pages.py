"""The pages benchmark: how long the server takes for each page of the console when there are 100,000 runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.databases import Databases
from tests.benchmarks.measured_process import measured_by
from tests.benchmarks.rows import Database

NAME = "pages"
PATIENCE_S = 1_200
MOST_P95_MS = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """So many runs have ended, and so many are live."""

    runs: int
    live: int


FULL = Size(runs=100_000, live=500)


def measure_pages(url: str, scratch: Path, size: Size) -> dict[str, Any]:
    """The figures of one database, which is empty. Raises CalledProcessError when the process failed."""
    options = ("--runs", size.runs, "--live", size.live)
    return measured_by("our_pages", *options, url=url, scratch=scratch, patience_s=PATIENCE_S)


def pages_table(databases: Databases, size: Size = FULL) -> tuple[str, dict[str, Any]]:
    """The table of both databases, and the raw figures."""
    raw = {
        each.value: measure_pages(databases.named(NAME, each), databases.scratch / f"{NAME}-{each.value}", size)
        for each in Database
    }
    head = f"Pages, {size.runs:,} runs and {size.live} live: server time, p95 at most {MOST_P95_MS} ms"
    return "\n".join([head, *(line for name, found in raw.items() for line in lines(name, found))]), raw


def lines(name: str, found: dict[str, Any]) -> list[str]:
    """One database's lines, a page each."""
    return [f"  {name}", *(_line(page, figures) for page, figures in found.items())]


def _line(page: str, figures: dict[str, float]) -> str:
    met = "met   " if figures["p95_ms"] <= MOST_P95_MS else "MISSED"
    return f"  {met}  {page or 'overview':<28} p50 {figures['p50_ms']:6.1f} ms  p95 {figures['p95_ms']:6.1f} ms"
