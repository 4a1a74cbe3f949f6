"""Waiting for a database that is away."""

import pytest
from django.db import IntegrityError, InterfaceError, OperationalError

from agents import outage
from agents.outage import patiently


class Away:
    """Fails so often, then answers."""

    def __init__(self, times: int, error: type[Exception] = OperationalError) -> None:
        self.left = times
        self.error = error
        self.asked = 0

    def read(self) -> str:
        self.asked += 1
        self.left -= 1
        if self.left >= 0:
            raise self.error("away")
        return "tea"


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outage, "PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(outage, "LOOK_AGAIN_SECONDS", 0.01)


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_database_that_comes_back_is_waited_for(error: type[Exception]) -> None:
    away = Away(3, error)
    assert patiently(away.read) == "tea"
    assert away.asked == 4


def test_one_that_stays_away_is_given_up() -> None:
    away = Away(10_000)
    with pytest.raises(OperationalError):
        patiently(away.read)
    assert 1 < away.asked < 100


def test_what_the_database_refuses_is_not_tried_again() -> None:
    away = Away(1, IntegrityError)
    with pytest.raises(IntegrityError):
        patiently(away.read)
    assert away.asked == 1
