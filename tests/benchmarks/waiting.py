"""The memory benchmark: five hundred runs wait for their LLM in one worker process, on both databases."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.benchmarks.databases import Databases
from tests.benchmarks.rows import Database

NAME = "waiting"
ROOT = Path(__file__).parents[2]
PATIENCE_S = 900
RUNS = 500
MOST_BYTES = 400_000_000


def measure_waiting(url: str, scratch: Path, runs: int) -> dict[str, Any]:
    """Bytes and connections on one database, which is empty. Raises CalledProcessError when the process failed."""
    scratch.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.our_waiting", "--runs", str(runs)],
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": url,
            "WATCHFLOOR_VAR": str(scratch),
            "DJANGO_SETTINGS_MODULE": "console.settings",
            "PYTHONPATH": str(ROOT),
        },
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=PATIENCE_S,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


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
