"""One child process: started in a group of its own, its output kept, ended for certain."""

import contextlib
import json
import logging
import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping
from logging.handlers import RotatingFileHandler
from pathlib import Path

from console.supervisor.programs import Program

LOG_BYTES = 10 * 1024 * 1024
LAST_WORDS = 15
WORTH_SAYING = frozenset({"warning", "error", "critical"})


class Child:
    """A running program. Its output goes to `var/log/<name>.log`; warnings also go to whoever listens."""

    def __init__(
        self, program: Program, *, var: Path, environment: Mapping[str, str], say: Callable[[str], None]
    ) -> None:
        """Start the program in its own process group, so that a Ctrl-C at the terminal reaches only us."""
        self.program = program
        self.log_path = var / "log" / f"{program.name}.log"
        self._say = say
        self._last: deque[str] = deque(maxlen=LAST_WORDS)
        self._process = subprocess.Popen(
            program.command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._keep_output, name=f"{program.name}-output", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The process id, which is also the id of its group."""
        return self._process.pid

    def exit_code(self) -> int | None:
        """How it ended, or None while it runs."""
        return self._process.poll()

    def last_words(self) -> str:
        """The last line that it printed, for the message that says it stopped."""
        self._reader.join(timeout=1)
        return next((line for line in reversed(self._last) if line.strip()), "it said nothing")

    def ask_to_end(self) -> None:
        """Send the polite signal to the whole group."""
        self._signal(signal.SIGTERM)

    def end(self, *, grace_seconds: float) -> None:
        """Wait as long as the grace lasts, then end the group by force, grandchildren included."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=grace_seconds)
        self._signal(signal.SIGKILL)
        self._process.wait()
        self._reader.join(timeout=1)

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def _keep_output(self) -> None:
        kept = RotatingFileHandler(self.log_path, maxBytes=LOG_BYTES, backupCount=2, encoding="utf-8")
        output = self._process.stdout
        assert output is not None
        with contextlib.closing(kept), output:
            for raw in output:
                line = raw.decode("utf-8", errors="replace").rstrip("\r\n")
                self._last.append(line)
                kept.emit(logging.makeLogRecord({"msg": line}))
                if warning := warning_in(line):
                    self._say(f"{self.program.name}: {warning}")


def warning_in(line: str) -> str | None:
    """The message of a JSON log line from warnings up, on one line; None for every other line."""
    try:
        record = json.loads(line)
    except ValueError:
        return None
    if not isinstance(record, dict) or record.get("level") not in WORTH_SAYING:
        return None
    return " ".join(str(record.get("message", "")).split())
