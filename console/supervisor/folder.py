"""The folder that one installation writes to, and the lock that keeps a second start out of it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from console.supervisor.problems import CannotRun


def prepare(var: Path) -> None:
    """Make the folder and its parts, or raise CannotRun with the reason."""
    try:
        for part in ("log", "redis", "run"):
            (var / part).mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise CannotRun(f"cannot write to {var}: {(error.strerror or str(error)).lower()}.") from None
    if not os.access(var, os.W_OK):
        raise CannotRun(f"cannot write to {var}: permission denied.")


@contextmanager
def only_one(var: Path) -> Iterator[None]:
    """Hold the folder's lock; the system lets go of it when the process ends, however it ends."""
    path = var / "run" / "lock"
    with path.open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise CannotRun(f"already running on {var} (process {holder}); end that one first.") from None
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield
