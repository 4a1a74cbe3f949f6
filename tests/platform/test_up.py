"""`manage.py up`, run for real: one address, one link, and everything ends together."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from console.supervisor.addresses import free_port
from tests.harness.processes import lives
from tests.harness.stages import ROOT

pytestmark = pytest.mark.flows
LINK = re.compile(r"http://127\.0\.0\.1:\d+/\S+")
START_SECONDS = 60.0


class Up:
    """A running `manage.py up` and the lines that it prints."""

    def __init__(self, *, var: Path, port: int) -> None:
        environment = {**os.environ, "WATCHFLOOR_VAR": str(var), "PYTHONUNBUFFERED": "1"}
        for name in ("REDIS_URL", "DATABASE_URL"):
            environment.pop(name, None)
        self.var = var
        self.lines: list[str] = []
        self._ended = False
        self._news = threading.Condition()
        self.process = subprocess.Popen(
            (sys.executable, "manage.py", "up", "--port", str(port)),
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for(self, says: Callable[[str], object]) -> str:
        """The first line that fits; AssertionError with all lines when none comes in time, or it ended."""
        with self._news:
            self._news.wait_for(lambda: self._ended or any(map(says, self.lines)), timeout=START_SECONDS)
            found = next(filter(says, self.lines), None)
        assert found, self.lines
        return found

    def pids(self) -> dict[str, int]:
        noted: dict[str, int] = json.loads((self.var / "run" / "pids.json").read_text())
        return noted

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        code = self.process.wait(timeout=60)
        self._reader.join(timeout=5)
        return code

    def _read(self) -> None:
        output = self.process.stdout
        assert output
        with output:
            for line in output:
                with self._news:
                    self.lines.append(line.rstrip("\n"))
                    self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()


@contextlib.contextmanager
def running(*, var: Path, port: int) -> Iterator[Up]:
    up = Up(var=var, port=port)
    try:
        yield up
    finally:
        if up.process.poll() is None:
            up.end(signal.SIGTERM)


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all tests here, so that only the first start is a first start."""
    return tmp_path_factory.mktemp("up")


@pytest.fixture
def up(var: Path) -> Iterator[Up]:
    with running(var=var, port=free_port()) as started:
        started.wait_for(lambda line: "Ctrl-C" in line)
        yield started


def test_the_printed_link_opens_the_page_that_signs_in(up: Up) -> None:
    link = LINK.search(up.wait_for(lambda line: line.startswith("Sign in once")))
    assert link
    with urllib.request.urlopen(link[0], timeout=60) as page:
        assert (page.status, b"<form" in page.read()) == (200, True)


def test_the_end_leaves_no_process_behind(up: Up) -> None:
    pids = up.pids()
    assert set(pids) == {"redis", "worker", "web", "beat"}
    assert up.end(signal.SIGINT) == 0
    assert [name for name, pid in pids.items() if lives(pid)] == []


def test_a_second_start_in_the_same_folder_is_one_line(up: Up) -> None:
    with running(var=up.var, port=free_port()) as second:
        assert second.process.wait(timeout=60) == 1
        second.end(signal.SIGTERM)
        assert [line.split(" (")[0] for line in second.lines] == [f"watchfloor: already running on {up.var}"]


def test_a_worker_that_dies_is_started_again(up: Up) -> None:
    os.kill(up.pids()["worker"], signal.SIGKILL)
    assert "starting it again" in up.wait_for(lambda line: line.startswith("worker stopped with code -9"))


def test_children_of_a_start_that_was_ended_by_force_are_ended_by_the_next(up: Up) -> None:
    left = up.pids()
    up.end(signal.SIGKILL)
    with running(var=up.var, port=free_port()) as second:
        second.wait_for(lambda line: "Ctrl-C" in line)
        assert not set(left.values()) & set(second.pids().values())
        assert [name for name, pid in left.items() if lives(pid)] == []
