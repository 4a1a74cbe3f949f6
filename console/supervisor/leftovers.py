"""Ends what an earlier start left behind when it was itself ended by force."""

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

# What our processes show in their command lines; a number alone may since belong to somebody else's.
OUR_MARKS = ("console.asgi:application", "console.celery:app", "console.clock:app", "redis-server")


def note(*, file: Path, pids: Mapping[str, int]) -> None:
    """Write down the process ids of the children."""
    file.write_text(json.dumps(dict(pids)), encoding="ascii")


def end_leftovers(*, file: Path) -> list[str]:
    """End the noted processes that still live and are ours; returns their names."""
    with contextlib.suppress(OSError, ValueError):
        noted: object = json.loads(file.read_text(encoding="ascii"))
        pairs = noted.items() if isinstance(noted, dict) else ()
        return [name for name, pid in pairs if isinstance(pid, int) and _end_if_ours(pid)]
    return []


def _end_if_ours(pid: int) -> bool:
    # -ww: or ps would cut the line at $COLUMNS, and the mark with it.
    question = ("ps", "-ww", "-o", "command=", "-p", str(pid))
    shown = subprocess.run(question, capture_output=True, text=True, check=False)
    if not any(mark in shown.stdout for mark in OUR_MARKS):
        return False
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
        return True
    return False
