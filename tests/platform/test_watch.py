"""The watch starts what dies again, with growing pauses, and gives up on what keeps dying."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from console.supervisor.problems import CannotRun
from console.supervisor.programs import Program
from console.supervisor.watch import BACK_OFF_SECONDS, Watch

SLEEPER = "import time; print('up', flush=True); time.sleep(600)"


class Clock:
    """Seconds that pass only when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Ticks(threading.Event):
    """An `ended` event that runs one step at each look, and ends after the last."""

    def __init__(self, *steps: Callable[[], object]) -> None:
        super().__init__()
        self._steps = list(steps)

    def wait(self, timeout: float | None = None) -> bool:  # noqa: ARG002
        if not self._steps:
            return True
        self._steps.pop(0)()
        return False


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watch(tmp_path: Path, said: list[str], clock: Clock) -> Iterator[Watch]:
    (tmp_path / "log").mkdir()
    watch = Watch(var=tmp_path, environment=dict(os.environ), say=said.append, clock=clock)
    yield watch
    watch.end()


def program(code: str, *, is_ready: Callable[[], bool] = lambda: True) -> Program:
    return Program(name="sample", command=(sys.executable, "-c", code), is_ready=is_ready)


def killed(watch: Watch) -> Callable[[], None]:
    def kill() -> None:
        os.kill(watch.pids()["sample"], signal.SIGKILL)
        os.waitid(os.P_PID, watch.pids()["sample"], os.WEXITED | os.WNOWAIT)

    return kill


def later(clock: Clock, seconds: float) -> Callable[[], None]:
    def pass_time() -> None:
        clock.now += seconds

    return pass_time


def test_a_program_that_dies_is_started_again_after_a_pause(watch: Watch, said: list[str], clock: Clock) -> None:
    watch.start(program(SLEEPER))
    first = watch.pids()["sample"]
    watch.keep(ended=Ticks(killed(watch), later(clock, BACK_OFF_SECONDS)))
    assert watch.pids()["sample"] != first
    assert [line.split(" (")[0] for line in said] == ["sample stopped with code -9"]
    assert said[0].endswith("starting it again in 0.5 s")


def test_the_process_id_of_each_start_is_noted(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "log").mkdir()
    noted: list[int] = []
    watch = Watch(
        var=tmp_path,
        environment=dict(os.environ),
        say=lambda _line: None,
        note=lambda pids: noted.append(pids["sample"]),
        clock=clock,
    )
    watch.start(program(SLEEPER))
    watch.keep(ended=Ticks(killed(watch), later(clock, BACK_OFF_SECONDS)))
    last = watch.pids()["sample"]
    watch.end()
    assert len(set(noted)) == 2
    assert noted[-1] == last


def test_it_is_not_started_again_before_the_pause_is_over(watch: Watch, clock: Clock) -> None:
    watch.start(program(SLEEPER))
    first = watch.pids()["sample"]
    watch.keep(ended=Ticks(killed(watch), later(clock, BACK_OFF_SECONDS / 2)))
    assert watch.pids()["sample"] == first


def test_pauses_grow_with_each_death(watch: Watch, said: list[str], clock: Clock) -> None:
    watch.start(program(SLEEPER))
    watch.keep(ended=Ticks(killed(watch), later(clock, 5), killed(watch)))
    assert [line.rpartition(" in ")[2] for line in said] == ["0.5 s", "1 s"]


def test_deaths_long_ago_are_forgotten(watch: Watch, said: list[str], clock: Clock) -> None:
    watch.start(program(SLEEPER))
    watch.keep(ended=Ticks(killed(watch), later(clock, 61), killed(watch)))
    assert [line.rpartition(" in ")[2] for line in said] == ["0.5 s", "0.5 s"]


def test_a_program_that_keeps_dying_ends_everything_with_one_line(watch: Watch, clock: Clock) -> None:
    watch.start(program(SLEEPER))
    deaths = [step for _ in range(5) for step in (killed(watch), later(clock, 9))]
    with pytest.raises(CannotRun, match="sample stopped 5 times in a minute"):
        watch.keep(ended=Ticks(*deaths))


def test_waiting_ends_when_the_program_answers(watch: Watch) -> None:
    answers = iter([False, False, True])
    watch.start(program(SLEEPER, is_ready=lambda: next(answers)))
    watch.wait_until_ready(ended=threading.Event())
    assert next(answers, "none left") == "none left"


def test_a_program_that_dies_before_it_is_ready_is_named_with_its_last_words(watch: Watch) -> None:
    watch.start(program("raise SystemExit('no such table')", is_ready=lambda: False))
    with pytest.raises(CannotRun, match="sample stopped with code 1 \\(no such table\\)"):
        watch.wait_until_ready(ended=threading.Event())


def test_a_program_that_never_gets_ready_is_given_up(watch: Watch, clock: Clock) -> None:
    def not_ready() -> bool:
        clock.now += 40
        return False

    watch.start(program(SLEEPER, is_ready=not_ready))
    with pytest.raises(CannotRun, match="did not get ready"):
        watch.wait_until_ready(ended=threading.Event())
