"""Start a contender's script as a process of its own and read its answer; make the peers' environments."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.measurements import Measurement, read_measurement
from tests.benchmarks.rows import ORIENTATION, OURS, Row

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PEERS = HERE / "peers"
OUR_SCRIPT = HERE / "ours.py"
PATIENCE_S = 900
STAMP = "installed"
PEER_OF = {"langgraph": "langgraph", "dbos": "dbos", ORIENTATION: "langgraph"}


class ContenderFailedError(RuntimeError):
    """A contender could not be installed, or its script ended badly; the message is its last line."""


def var_folder() -> Path:
    """Return the folder for what is made and may be deleted: $WATCHFLOOR_VAR, else `var` in the project."""
    return Path(os.environ.get("WATCHFLOOR_VAR") or ROOT / "var").absolute()


def is_built(contender: str) -> bool:
    """Say whether there is a script to run; only our own may be missing."""
    return contender != OURS or OUR_SCRIPT.exists()


def is_installed(contender: str) -> bool:
    """Say whether the contender has its packages in the versions pinned now; we always have ours."""
    if contender == OURS:
        return True
    stamp = _environment(contender) / STAMP
    return stamp.exists() and stamp.read_text() == _wanted(contender)


def install(contender: str) -> None:
    """Give a peer a new virtual environment with its pinned packages.

    Raises ContenderFailedError when the packages cannot be installed.
    """
    folder = _environment(contender)
    shutil.rmtree(folder, ignore_errors=True)
    _checked([sys.executable, "-m", "venv", str(folder)], environment=_bare_environment())
    pip = [str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
    _checked([*pip, "-r", str(_pins(contender))], environment=_bare_environment())
    (folder / STAMP).write_text(_wanted(contender))


def measure_once(contender: str, row: Row, *, database: str, scratch: Path) -> Measurement:
    """Run the contender once, in a new process, on a database of its own.

    Raises ContenderFailedError when it fails, UnreadableAnswerError when it answers nonsense.
    """
    command = [*_script(contender), "--database", "none" if contender == ORIENTATION else database]
    command += ["--turns", str(row.turns), "--runs", str(row.runs), "--repetitions", "1"]
    environment = _bare_environment()
    if contender == OURS:
        environment |= {"DATABASE_URL": database, "WATCHFLOOR_VAR": str(scratch)}
    stdout = _checked(command, environment=environment)
    return read_measurement(stdout, turns=row.turns, runs=row.runs)


def _script(contender: str) -> list[str]:
    if contender == OURS:
        return [sys.executable, "-m", "tests.benchmarks.ours"]
    python = _environment(contender) / "bin" / "python"
    return [str(python), str(PEERS / f"{PEER_OF[contender]}_turns.py")]


def _pins(contender: str) -> Path:
    return PEERS / f"{PEER_OF[contender]}.txt"


def _wanted(contender: str) -> str:
    """Other pins or another Python make another environment."""
    return hashlib.sha256(_pins(contender).read_bytes() + sys.version.encode()).hexdigest()


def _environment(contender: str) -> Path:
    return var_folder() / "bench" / "venvs" / PEER_OF[contender]


def _bare_environment() -> dict[str, str]:
    """The caller's environment without what would point a contender at the caller's own data or packages."""
    dropped = ("DATABASE_URL", "WATCHFLOOR_VAR", "PYTHONPATH", "DJANGO_SETTINGS_MODULE", "PGOPTIONS")
    return {name: value for name, value in os.environ.items() if name not in dropped}


def _checked(command: list[str], *, environment: dict[str, str]) -> str:
    """Run a command from the project root and return its stdout; its last line of stderr is the error."""
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )
    except subprocess.TimeoutExpired as error:
        raise ContenderFailedError(f"no answer after {PATIENCE_S} s") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().rpartition("\n")[2]
        raise ContenderFailedError(said or f"exit code {done.returncode}")
    return done.stdout
