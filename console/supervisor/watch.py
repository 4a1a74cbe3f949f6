"""Keeps the programs of one installation running until it is told to end."""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from console.supervisor.child import Child
from console.supervisor.problems import CannotRun
from console.supervisor.programs import Program

LOOK_SECONDS = 0.1
START_SECONDS = 60.0
GRACE_SECONDS = 5.0
CRASH_WINDOW_SECONDS = 60.0
CRASHES_ALLOWED = 5
BACK_OFF_SECONDS = 0.5


@dataclass
class Watched:
    """A program, its present process, when it died lately, and when it is due to be started again."""

    program: Program
    child: Child
    deaths: deque[float] = field(default_factory=deque)
    due_at: float | None = None


class Watch:
    """Starts programs, says when one dies, starts it again after growing pauses, ends all together."""

    def __init__(
        self,
        *,
        var: Path,
        environment: Mapping[str, str],
        say: Callable[[str], None],
        note: Callable[[Mapping[str, int]], None] = lambda _pids: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`say` tells people a line; `note` gets the process ids at each start; `clock` counts seconds."""
        self._var = var
        self._environment = environment
        self._say = say
        self._note = note
        self._clock = clock
        self._watched: list[Watched] = []

    def start(self, program: Program) -> None:
        """Start a program and keep it running from now on."""
        self._watched.append(Watched(program, self._launch(program)))
        self._note(self.pids())

    def pids(self) -> dict[str, int]:
        """The process id of each program, by name."""
        return {each.program.name: each.child.pid for each in self._watched}

    def wait_until_ready(self, *, ended: threading.Event, names: frozenset[str] | None = None) -> None:
        """Ask the programs until all are ready; CannotRun when one dies or takes longer than a minute."""
        waiting = [each for each in self._watched if names is None or each.program.name in names]
        deadline = self._clock() + START_SECONDS
        while waiting and not ended.is_set():
            for each in waiting:
                self._require_alive(each)
            waiting = [each for each in waiting if not each.program.is_ready()]
            if waiting and self._clock() > deadline:
                slow = waiting[0]
                raise CannotRun(f"{slow.program.name} did not get ready in a minute; see {slow.child.log_path}")
            ended.wait(LOOK_SECONDS)

    def keep(self, *, ended: threading.Event) -> None:
        """Look after the programs until `ended` is set; CannotRun when one keeps dying."""
        while not ended.wait(LOOK_SECONDS):
            for each in self._watched:
                self._look_at(each)

    def end(self) -> None:
        """End every program, the first started last, so that Redis outlives those who use it."""
        users, first = self._watched[1:], self._watched[:1]
        for group in (users, first):
            for each in group:
                each.child.ask_to_end()
            deadline = self._clock() + GRACE_SECONDS
            for each in group:
                each.child.end(grace_seconds=max(0.0, deadline - self._clock()))
        self._watched.clear()

    def _launch(self, program: Program) -> Child:
        return Child(program, var=self._var, environment=self._environment, say=self._say)

    def _require_alive(self, each: Watched) -> None:
        if each.child.exit_code() is not None:
            raise CannotRun(f"{_obituary(each)}; see {each.child.log_path}")

    def _look_at(self, each: Watched) -> None:
        if each.due_at is not None:
            if self._clock() >= each.due_at:
                each.child, each.due_at = self._launch(each.program), None
                self._note(self.pids())
        elif each.child.exit_code() is not None:
            self._mourn(each)

    def _mourn(self, each: Watched) -> None:
        now = self._clock()
        each.deaths.append(now)
        while each.deaths and each.deaths[0] < now - CRASH_WINDOW_SECONDS:
            each.deaths.popleft()
        if len(each.deaths) >= CRASHES_ALLOWED:
            often = f"{each.program.name} stopped {len(each.deaths)} times in a minute"
            raise CannotRun(f"{often}, last with: {each.child.last_words()}; see {each.child.log_path}")
        pause = BACK_OFF_SECONDS * 2 ** (len(each.deaths) - 1)
        self._say(f"{_obituary(each)}; starting it again in {pause:g} s")
        each.child.end(grace_seconds=0)
        each.due_at = now + pause


def _obituary(each: Watched) -> str:
    return f"{each.program.name} stopped with code {each.child.exit_code()} ({each.child.last_words()})"
