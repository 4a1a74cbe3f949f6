"""A short slice of the soak, with the same dice each time."""

import subprocess
import sys

import pytest

from tests.harness.stages import ROOT

pytestmark = [pytest.mark.flows, pytest.mark.either_database, pytest.mark.takes(55)]
SLICE = ("--minutes", "0.2", "--seed", "1")


def test_what_must_be_true_is_true_while_things_break() -> None:
    command = (sys.executable, "-m", "tests.soak", *SLICE)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=400)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Violations 0" in done.stdout
    assert "Faults     0" not in done.stdout
