"""The measured process of a table: a script of this folder on one database, whose last line is its figures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def measured_by(
    script: str, *options: object, url: str, scratch: Path, patience_s: float, **environment: str
) -> dict[str, Any]:
    """Run `python -m tests.benchmarks.<script> <options>` on the database at ``url``, which is empty.

    Raises CalledProcessError when it failed, TimeoutExpired when it took longer than ``patience_s`` seconds.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", f"tests.benchmarks.{script}", *map(str, options)],
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": url,
            "WATCHFLOOR_VAR": str(scratch),
            "DJANGO_SETTINGS_MODULE": "console.settings",
            "PYTHONPATH": str(ROOT),
            **environment,
        },
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=patience_s,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
