"""A whole installation for one test: Daphne, worker, beat and Redis as processes that can be killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from console.access.sign_in_links import create_link
from console.supervisor import programs
from console.supervisor.addresses import LOOPBACK, free_port
from console.supervisor.child import Child
from console.supervisor.programs import Program
from console.supervisor.redis_server import private_redis
from tests.harness.stages import ROOT

READY_SECONDS = 120.0
LOOK_SECONDS = 0.05
GRACE_SECONDS = 3.0
COMMAND_SECONDS = 300.0
THREADS = 8
LAST_LINES = 12


class LiveStack:
    """The processes of one stack by name: `redis`, `web`, `worker`, `beat`, and more workers on demand."""

    def __init__(self, *, var: Path, environment: Mapping[str, str]) -> None:
        """`environment` names the database; what a test adds (keys, base URLs, a library) is in it too."""
        (var / "log").mkdir(parents=True, exist_ok=True)
        (var / "redis").mkdir(exist_ok=True)
        self.var = var
        self.port = free_port()
        self.warnings: list[str] = []
        self._children: dict[str, Child] = {}
        self._own: dict[str, Mapping[str, str]] = {}
        redis, self.redis_url = private_redis(folder=var / "redis")
        self.environment = {"REDIS_URL": self.redis_url, "PYTHONUNBUFFERED": "1", **environment}
        self._programs: dict[str, Program] = {"redis": redis, "web": programs.web(port=self.port)}
        self.add_worker("worker")
        self._programs["beat"] = programs.beat(schedule=var / "beat-schedule")

    @property
    def base_url(self) -> str:
        """Where the pages are, without a slash at the end."""
        return f"http://{LOOPBACK}:{self.port}"

    def add_worker(self, name: str, *, threads: int = THREADS, **environment: str) -> None:
        """Know one more worker, to be started by that name, with variables of its own."""
        node = f"{name}-{self.port}@{LOOPBACK}"
        worker = programs.worker(threads=threads, node=node, redis_url=self.redis_url)
        self._programs[name] = replace(worker, name=name)
        self._own[name] = environment

    def start(self, *names: str) -> None:
        """Start these processes (all known ones when none is named) and wait until each answers."""
        chosen = names or tuple(self._programs)
        for name in chosen:
            self._launch(name)
        for name in chosen:
            self.wait_for(self._programs[name].is_ready, what=f"{name} to be ready")

    def start_to_die(self, name: str) -> None:
        """Start a process that a fault may end before it answers, and wait until it does either."""
        self._launch(name)
        is_ready = self._programs[name].is_ready
        self.wait_for(lambda: self.exit_code(name) is not None or is_ready(), what=f"{name} to be ready or dead")

    def _launch(self, name: str) -> None:
        given = {**os.environ, **self.environment, **self._own.get(name, {})}
        self._children[name] = Child(self._programs[name], var=self.var, environment=given, say=self.warnings.append)

    def pid(self, name: str) -> int:
        """The process id of a running process."""
        return self._children[name].pid

    def kill(self, name: str) -> None:
        """End a process at once, as a power cut would."""
        child = self._children.pop(name)
        os.killpg(child.pid, signal.SIGKILL)
        child.end(grace_seconds=0)

    def stop(self, name: str) -> None:
        """End a process politely."""
        child = self._children.pop(name)
        child.ask_to_end()
        child.end(grace_seconds=GRACE_SECONDS)

    def signal(self, name: str, number: int) -> None:
        """Send a signal to one process alone."""
        os.kill(self._children[name].pid, number)

    def exit_code(self, name: str) -> int | None:
        """How a process ended; None while it runs."""
        return self._children[name].exit_code()

    def restart(self, name: str) -> None:
        """Kill a process and start it again at the same address; Redis comes back empty."""
        self.kill(name)
        self.start(name)

    def end(self) -> None:
        """End everything that still runs."""
        for name in reversed(tuple(self._children)):
            self._children[name].ask_to_end()
        for name in reversed(tuple(self._children)):
            self._children.pop(name).end(grace_seconds=GRACE_SECONDS)

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `manage.py ...` against this stack and return its exit code and output.

        Raises subprocess.TimeoutExpired: a run that is followed may never end, and threads that wait are waited for.
        """
        return subprocess.run(
            (sys.executable, "manage.py", *arguments),
            cwd=ROOT,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_SECONDS,
        )

    def sign_in_url(self, username: str = "acme_operator") -> str:
        """A fresh one-time address that signs that person in; needs the stack's rows in this process."""
        return self.base_url + create_link(username=username)

    def log(self, name: str) -> str:
        """What a process has printed so far."""
        return (self.var / "log" / f"{name}.log").read_text(encoding="utf-8")

    def wait_for(self, holds: Callable[[], object], *, what: str, seconds: float = READY_SECONDS) -> None:
        """Look until something holds; AssertionError says what did not, who died, and what each said last."""
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline:
                state = self._dead() or "all processes live"
                raise AssertionError(f"waited {seconds:g} s for {what}; {state}\n{self._said_last()}")
            time.sleep(LOOK_SECONDS)

    def _said_last(self) -> str:
        """The last lines of every log."""
        logs = sorted((self.var / "log").glob("*.log"))
        return "\n".join(f"== {log.name}\n" + "\n".join(log.read_text().splitlines()[-LAST_LINES:]) for log in logs)

    def _dead(self) -> str:
        dead = [child for child in self._children.values() if child.exit_code() is not None]
        return "; ".join(f"{child.program.name} died: {child.last_words()}" for child in dead)
