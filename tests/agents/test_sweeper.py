"""A worker's own sweeper: it begins at once, survives what a sweep meets, and ends."""

import threading

import pytest
from django.db import OperationalError

from agents import recovery, sweeper
from agents.sweeper import Sweeper


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("trouble", [OperationalError("away"), ValueError("a row of nonsense")])
def test_it_sweeps_on_after_trouble(monkeypatch: pytest.MonkeyPatch, trouble: Exception) -> None:
    swept, verified, times = threading.Event(), threading.Event(), []

    def sweep() -> int:
        times.append(1)
        if len(times) == 1:
            raise trouble
        swept.set()
        return 0

    monkeypatch.setattr(recovery, "sweep", sweep)
    monkeypatch.setattr(sweeper, "answer_waiting", verified.set)
    monkeypatch.setattr(sweeper, "SWEEP_SECONDS", 0.01)
    at_work = Sweeper()
    at_work.start()
    assert swept.wait(60)
    assert verified.wait(60)
    at_work.stop()
    assert not any(thread.is_alive() for thread in at_work._threads)
