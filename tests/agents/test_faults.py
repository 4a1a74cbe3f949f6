"""Fault points strike where their names say, once, and leave every other process alone."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from agents import faults
from agents.faults import POINTS, Fault, find
from tests.harness.stages import ROOT

SETUP = "import django; django.setup(); from agents import bell; bell.client = lambda: 1/0\n"
RING = "try:\n    bell.ring_kills(['r'])\nexcept ZeroDivisionError:\n    print('rung', flush=True)\n"


def process(code: str, **environment: str) -> "subprocess.Popen[str]":
    given = {**os.environ, "DJANGO_SETTINGS_MODULE": "console.settings", **environment}
    return subprocess.Popen(
        (sys.executable, "-c", SETUP + code),
        cwd=ROOT,
        env=given,
        stdout=subprocess.PIPE,
        text=True,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize("name", POINTS)
def test_every_point_names_functions_that_exist(name: str) -> None:
    for function in POINTS[name].functions:
        assert callable(find(function)[2])


@pytest.mark.parametrize(
    "text", ["after", "after:nothing", "amid:claim", "after:claim:burn", "after:claim:2:kill:more", "after:claim:0"]
)
def test_a_fault_that_would_strike_nowhere_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="WATCHFLOOR_FAULT"):
        faults.arm({"WATCHFLOOR_FAULT": text})


def test_count_and_action_have_usual_values() -> None:
    assert Fault.read("after:effect_started") == Fault("after", "effect_started", 1, "kill")
    assert Fault.read("before:results:3:stop") == Fault("before", "results", 3, "stop")
    assert Fault.read("before:results:raise") == Fault("before", "results", 1, "raise")


def test_without_the_variable_every_function_is_its_own() -> None:
    for point in POINTS.values():
        for name in point.functions:
            assert not hasattr(find(name)[2], "__wrapped__")


def test_a_kill_strikes_after_the_named_time_and_before_the_next_line() -> None:
    running = process(RING * 3, WATCHFLOOR_FAULT="before:kill_rung:3")
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (-signal.SIGKILL, "rung\nrung\n"), err


def test_a_process_that_was_started_again_does_not_die_again(tmp_path: Path) -> None:
    once = {"WATCHFLOOR_FAULT": "before:kill_rung", "WATCHFLOOR_FAULT_ONCE": str(tmp_path / "struck")}
    ended = []
    for _ in range(2):
        running = process(RING, **once)
        running.communicate(timeout=60)
        ended.append(running.returncode)
    assert ended == [-signal.SIGKILL, 0]


def test_a_stopped_process_goes_on_when_it_is_told_to() -> None:
    running = process(RING, WATCHFLOOR_FAULT="before:kill_rung:stop")
    _, status = os.waitpid(running.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    os.kill(running.pid, signal.SIGCONT)
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (0, "rung\n"), err


def test_a_raise_reaches_whoever_imported_the_function_by_name() -> None:
    code = (
        "from agents import faults, lifecycle\n"
        "try:\n    lifecycle.enqueue('r')\nexcept faults.FaultRaised:\n    print('raised')\n"
    )
    running = process(code, WATCHFLOOR_FAULT="before:message:raise")
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (0, "raised\n"), err
