"""The processes that the monkey plays with: Redis, two workers and beat, each started without waiting for it."""

import os
import signal
from collections.abc import Mapping
from pathlib import Path

from console.supervisor import programs
from console.supervisor.addresses import LOOPBACK, free_port
from console.supervisor.child import Child
from console.supervisor.programs import Program

THREADS = 8
GRACE_SECONDS = 10.0
WORKERS = ("first worker", "second worker")


class Crew:
    """Children by name; whoever has died or was ended may be started again."""

    def __init__(self, *, redis: Program, redis_url: str, var: Path, environment: Mapping[str, str]) -> None:
        """`redis_url` is where workers and beat look for Redis: a proxy, most likely."""
        (var / "log").mkdir(exist_ok=True)
        self._var = var
        self._environment = {**os.environ, **environment, "REDIS_URL": redis_url}
        self._programs = {"redis": redis, "beat": programs.beat(schedule=var / "beat-schedule")}
        for name in WORKERS:
            node = f"{name.partition(' ')[0]}-{free_port()}@{LOOPBACK}"
            self._programs[name] = programs.worker(threads=THREADS, node=node, redis_url=redis_url)
        self._children: dict[str, Child] = {}
        self.warnings: list[str] = []

    def start(self, name: str) -> None:
        """Start it, unless it runs."""
        if name not in self._children:
            program = self._programs[name]
            self._children[name] = Child(
                program, var=self._var, environment=self._environment, say=self.warnings.append
            )

    def start_all(self) -> None:
        """Everybody who does not run."""
        for name in self._programs:
            self.start(name)

    def is_ready(self, name: str) -> bool:
        """Whether it answers."""
        return self._programs[name].is_ready()

    def kill(self, name: str) -> None:
        """As a power cut would end it."""
        self._signal(name, signal.SIGKILL)
        self._forget(name, grace_seconds=0)

    def end(self, name: str) -> None:
        """Politely, as a rollout does."""
        self._signal(name, signal.SIGTERM)
        self._forget(name, grace_seconds=GRACE_SECONDS)

    def freeze(self, name: str) -> None:
        """As if the machine had stood still."""
        self._signal(name, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """Go on where it stood still."""
        self._signal(name, signal.SIGCONT)

    def end_all(self) -> None:
        """At the end of the day; the frozen too."""
        for name in tuple(self._children):
            self.thaw(name)
        for name in reversed(tuple(self._children)):
            self.end(name)

    def _signal(self, name: str, number: int) -> None:
        child = self._children.get(name)
        if child is not None and child.exit_code() is None:
            os.killpg(child.pid, number)

    def _forget(self, name: str, *, grace_seconds: float) -> None:
        child = self._children.pop(name, None)
        if child is not None:
            child.end(grace_seconds=grace_seconds)
