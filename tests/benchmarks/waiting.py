"""The memory benchmark: five hundred runs wait for their LLM in one worker process, on both databases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.benchmarks.databases import Databases
from tests.benchmarks.measured_process import measured_by
from tests.benchmarks.rows import Database

NAME = "waiting"
PATIENCE_S = 900
RUNS = 500
MOST_BYTES = 400_000_000


def measure_waiting(url: str, scratch: Path, runs: int) -> dict[str, Any]:
    """Bytes and connections on one database, which is empty. Raises CalledProcessError when the process failed."""
    return measured_by("our_waiting", "--runs", runs, url=url, scratch=scratch, patience_s=PATIENCE_S)


def waiting_table(databases: Databases, runs: int = RUNS) -> tuple[str, dict[str, Any]]:
    """The lines to print, and the raw figures by database."""
    raw = {
        each.value: measure_waiting(databases.named(NAME, each), databases.scratch / f"{NAME}-{each.value}", runs)
        for each in Database
    }
    lines = [f"{runs} runs waiting for their LLM in one worker; at most {MOST_BYTES / 10**6:.0f} MB"]
    lines += [f"  {name}: {said(figures)}" for name, figures in raw.items()]
    return "\n".join(lines), raw


def said(figures: dict[str, Any]) -> str:
    """One database's line."""
    rss = figures["rss"]
    verdict = "met" if rss < MOST_BYTES else "MISSED"
    held = f", {figures['connections']} connections" if figures["connections"] else ""
    return f"{rss / 10**6:.0f} MB resident (idle {figures['idle'] / 10**6:.0f} MB){held}: {verdict}"
