"""A child process keeps its output, says its warnings, and ends for certain."""

import json
import os
import sys
import threading
from pathlib import Path

import pytest

from console.supervisor.child import Child, warning_in
from console.supervisor.programs import Program
from tests.harness.processes import lives


def python(code: str) -> Program:
    return Program(name="sample", command=(sys.executable, "-u", "-c", code), is_ready=lambda: True)


def started(code: str, var: Path, said: list[str] | None = None) -> Child:
    (var / "log").mkdir(exist_ok=True)
    say = (said if said is not None else []).append
    return Child(python(code), var=var, environment=dict(os.environ), say=say)


def test_output_is_kept_in_a_log_of_its_own(tmp_path: Path) -> None:
    child = started("print('one'); print('two')", tmp_path)
    child.end(grace_seconds=10)
    assert (tmp_path / "log" / "sample.log").read_text() == "one\ntwo\n"


def test_last_words_are_the_last_line_with_something_in_it(tmp_path: Path) -> None:
    child = started("print('out of luck'); print(); raise SystemExit(3)", tmp_path)
    child.end(grace_seconds=10)
    assert (child.exit_code(), child.last_words()) == (3, "out of luck")


def test_warnings_reach_the_terminal_and_nothing_else_does(tmp_path: Path) -> None:
    lines = [
        {"level": "info", "message": "fine"},
        {"level": "warning", "message": "two\nlines"},
        {"level": "error", "message": "bad"},
    ]
    said: list[str] = []
    child = started("\n".join(f"print({json.dumps(line)!r})" for line in lines), tmp_path, said)
    child.end(grace_seconds=10)
    assert said == ["sample: two lines", "sample: bad"]


@pytest.mark.parametrize("line", ["", "Traceback", "[1]", '{"level": "info", "message": "x"}', "{", "null"])
def test_a_line_that_is_no_warning_stays_in_the_log(line: str) -> None:
    assert warning_in(line) is None


def test_a_child_that_is_deaf_to_the_polite_signal_is_ended_with_its_own_children(tmp_path: Path) -> None:
    deaf = "import signal, subprocess, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    code = deaf + "g = subprocess.Popen(['sleep', '600']); print(g.pid, flush=True); g.wait()"
    seen = threading.Event()
    child = started(code, tmp_path)
    log = tmp_path / "log" / "sample.log"
    wait_until(lambda: log.exists() and log.read_text().endswith("\n"), pause=seen)
    grandchild = int(log.read_text())
    child.ask_to_end()
    child.end(grace_seconds=0.2)
    assert child.exit_code() == -9
    wait_until(lambda: not lives(grandchild), pause=seen)


def wait_until(holds: object, *, pause: threading.Event) -> None:
    assert callable(holds)
    for _ in range(500):
        if holds():
            return
        pause.wait(0.02)
    raise AssertionError("it never became so")
