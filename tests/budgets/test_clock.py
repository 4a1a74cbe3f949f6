"""The database's clock is read now and then, and goes on between; a process's own does not count."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import OperationalError, connection
from django.db.models.functions import Now

from budgets import clock
from budgets.models import Tenant
from tests.agents.wrong_clock import WrongDatetime, set_ahead

SOON = timedelta(seconds=5)


@pytest.fixture(autouse=True)
def _never_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_last", None)


def of_the_database() -> datetime:
    """What it says itself."""
    found = Tenant.objects.values_list(Now()).first()
    assert found is not None
    at = found[0]
    assert isinstance(at, datetime)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


@pytest.mark.usefixtures("till")
def test_the_present_is_that_of_the_database() -> None:
    assert abs(clock.now() - of_the_database()) < SOON
    assert clock.now().tzinfo is UTC


@pytest.mark.usefixtures("till")
@pytest.mark.parametrize("hours", [-1, 1])
def test_a_process_whose_clock_is_an_hour_off_reads_the_same(monkeypatch: pytest.MonkeyPatch, hours: int) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has the clock of its process")
    monkeypatch.setattr(clock, "datetime", WrongDatetime)
    set_ahead(timedelta(hours=hours))
    try:
        assert abs(clock.now() - of_the_database()) < SOON
    finally:
        set_ahead(timedelta())


class Away:
    """A PostgreSQL that does not answer; it counts who asks."""

    def __init__(self, *, shows: datetime | None = None) -> None:
        self.shows = shows
        self.asked = 0

    def cursor(self) -> "Away":
        """Whatever is asked next fails, unless it shows something."""
        self.asked += 1
        if self.shows is None:
            raise OperationalError("nobody there")
        return self

    def __enter__(self) -> "Away":
        return self

    def __exit__(self, *error: object) -> None:
        del error

    def execute(self, sql: str) -> None:
        """The one question."""
        assert sql == "SELECT clock_timestamp()"

    def fetchone(self) -> tuple[datetime | None]:
        """The answer."""
        return (self.shows,)


def stand_in(monkeypatch: pytest.MonkeyPatch, database: Away) -> None:
    """Let the clock ask this one, whatever the tests run on."""
    monkeypatch.setattr(clock, "vendor", lambda: "postgresql")
    monkeypatch.setattr(clock, "connection", database)


def test_between_two_readings_a_stopwatch_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, seconds = datetime(2026, 11, 22, 23, 59, 55, tzinfo=UTC), [100.0]
    database = Away(shows=begun)
    stand_in(monkeypatch, database)
    monkeypatch.setattr(clock, "time", SimpleNamespace(monotonic=lambda: seconds[0]))
    assert clock.now() == begun
    seconds[0] += clock.READ_AGAIN_SECONDS
    assert clock.now() == begun + timedelta(seconds=clock.READ_AGAIN_SECONDS)
    assert database.asked == 1
    seconds[0] += 1
    database.shows = begun + timedelta(hours=1)
    assert clock.now() == begun + timedelta(hours=1)
    assert database.asked == 2


def test_while_the_database_is_away_the_last_reading_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, seconds = datetime(2026, 11, 22, tzinfo=UTC), [100.0]
    database = Away(shows=begun)
    stand_in(monkeypatch, database)
    monkeypatch.setattr(clock, "time", SimpleNamespace(monotonic=lambda: seconds[0]))
    assert clock.now() == begun
    database.shows = None
    seconds[0] += 60
    assert clock.now() == begun + timedelta(seconds=60)


def test_a_clock_that_was_never_read_is_not_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, Away())
    with pytest.raises(OperationalError):
        clock.now()
