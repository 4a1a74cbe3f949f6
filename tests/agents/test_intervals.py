"""What is promised about time after a fault is the sum of intervals; that each fault is met at all, flows show."""

import threading

import pytest

from agents import bell
from agents.enqueue import RING_AGAIN_AFTER
from agents.lease import LEASE, RENEW_SECONDS
from agents.probing import PROBE_SECONDS
from agents.sweeper import JITTER, SWEEP_SECONDS, Sweeper
from agents.warden import Warden
from console.broker import LOOK_AGAIN_SECONDS, PUBLISH_SECONDS

LONGEST_PAUSE_SECONDS = SWEEP_SECONDS * (1 + JITTER)
"""Between two sweeps of one worker; with more workers it is shorter."""


def test_runs_and_money_of_a_dead_worker_are_taken_up_within_45_seconds() -> None:
    assert LEASE.total_seconds() == 30
    assert LEASE.total_seconds() + LONGEST_PAUSE_SECONDS <= 45


def test_a_run_whose_message_is_lost_is_rung_for_again_within_15_seconds() -> None:
    assert RING_AGAIN_AFTER.total_seconds() + LONGEST_PAUSE_SECONDS <= 15


def test_workers_look_for_redis_again_within_15_seconds_and_nobody_waits_long_for_one_that_is_silent() -> None:
    assert LOOK_AGAIN_SECONDS + PUBLISH_SECONDS <= 15
    assert (bell.TIMEOUT_SECONDS, PUBLISH_SECONDS) == (2.0, 2.0)


def test_a_kill_without_redis_is_seen_within_5_seconds() -> None:
    assert RENEW_SECONDS <= 5


def test_a_probe_that_is_asked_for_is_made_within_5_seconds() -> None:
    assert PROBE_SECONDS * (1 + JITTER) <= 5


class Pauses(threading.Event):
    """Ends a loop after so many pauses, and notes how long each would have been."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.noted: list[float] = []
        self._most = most

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.noted.append(timeout)
        if len(self.noted) == self._most:
            self.set()
        return self.is_set()


def test_sweeps_follow_each_other_after_that_pause() -> None:
    pauses, swept = Pauses(200), list[int]()
    at_work = Sweeper()
    at_work._stop = pauses
    at_work._repeat(lambda: swept.append(1), SWEEP_SECONDS)
    assert len(swept) == 200
    assert SWEEP_SECONDS * (1 - JITTER) <= min(pauses.noted) < max(pauses.noted) <= LONGEST_PAUSE_SECONDS


def test_leases_are_renewed_after_that_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses, renewed = Pauses(3), list[int]()
    keeper = Warden("worker")
    keeper._stop = pauses
    monkeypatch.setattr(keeper, "renew_once", lambda: renewed.append(1))
    keeper._renew_loop()
    assert (len(renewed), pauses.noted) == (2, [RENEW_SECONDS] * 3)
