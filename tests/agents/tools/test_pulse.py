"""What a person forces holds in all workers within two seconds, also without Redis; none asks the database for it."""

import threading
import time
from collections.abc import Iterator

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from agents.models import LinkMinute, ToolHealth
from agents.tool_control import force, unforce
from agents.tools import known_links, link_rows, pulse
from agents.tools.health import SharedHealth
from agents.tools.known_links import KnownLinks
from agents.tools.pulse import Pulse
from tests.agents.at_once import at_once

LINK = "look_up/shelf"
WITHIN_SECONDS = 2.0
WRITTEN_WITHIN_SECONDS = 5.0


class Pauses(threading.Event):
    """What wakes a pulse; notes how long it would wait."""

    def __init__(self) -> None:
        super().__init__()
        self.noted: set[float | None] = set()

    def wait(self, timeout: float | None = None) -> bool:
        self.noted.add(timeout)
        return super().wait(timeout)


@pytest.fixture
def other() -> Iterator[SharedHealth]:
    """The health of another worker, kept current by its pulse."""
    health = SharedHealth()
    health.stirred = Pauses()
    beats = Pulse(health)
    assert health.allows(LINK)
    beats.start()
    yield health
    beats.stop()


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When each reading of the links' rows began that is over by now."""
    began, read = list[float](), KnownLinks.read

    def noted(self: KnownLinks) -> None:
        at = time.monotonic()
        read(self)
        began.append(at)

    monkeypatch.setattr(KnownLinks, "read", noted)
    return began


def after_a_read(reads: list[float]) -> None:
    """Wait until a reading is over that begins after this."""
    now = time.monotonic()
    while not any(at > now for at in reads):
        threading.Event().wait(0.01)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_redis")
def test_a_forced_state_is_seen_by_another_worker_at_its_next_reading_without_redis(
    reads: list[float], other: SharedHealth
) -> None:
    force(link=LINK, to="open", actor="ann", reason="It lies.")
    after_a_read(reads)
    assert not other.allows(LINK)
    unforce(link=LINK, actor="ann")
    after_a_read(reads)
    assert other.allows(LINK)
    assert isinstance(other.stirred, Pauses)
    assert other.stirred.noted == {pulse.READ_SECONDS}
    assert pulse.READ_SECONDS < WITHIN_SECONDS


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_redis")
def test_what_was_counted_is_written_while_the_worker_goes_on(other: SharedHealth) -> None:
    other.record(LINK, error="", duration_ms=5)
    while not LinkMinute.objects.exists():
        threading.Event().wait(0.05)
    assert LinkMinute.objects.get().calls == 1
    assert ToolHealth.objects.get().calls == 1
    assert pulse.WRITE_SECONDS + pulse.READ_SECONDS < WRITTEN_WITHIN_SECONDS


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_redis")
def test_a_worker_that_ends_writes_what_it_has_counted() -> None:
    health = SharedHealth()
    beats = Pulse(health)
    beats.start()
    health.record(LINK, error="", duration_ms=5)
    beats.stop()
    assert LinkMinute.objects.get().calls == 1


@pytest.mark.django_db
def test_a_worker_without_a_pulse_looks_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    health = SharedHealth()
    assert health.allows(LINK)
    force(link=LINK, to="open", actor="ann", reason="It lies.")
    assert health.allows(LINK)  # from memory
    monkeypatch.setattr(known_links, "REFRESH_SECONDS", 0.0)
    assert not health.allows(LINK)
    assert known_links.REFRESH_SECONDS < WITHIN_SECONDS


@pytest.mark.django_db
def test_decisions_and_successes_of_a_calm_link_ask_the_database_nothing() -> None:
    health = SharedHealth()
    health.allows(LINK)
    with CaptureQueriesContext(connection) as asked:
        for _ in range(100):
            assert health.allows(LINK)
            health.record(LINK, error="", duration_ms=3)
    assert [query["sql"] for query in asked if "toolhealth" in query["sql"] or "linkminute" in query["sql"]] == []


@pytest.mark.django_db(transaction=True)
def test_of_many_threads_that_want_to_know_anew_one_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    links, reads, all_came = KnownLinks(), [0], threading.Event()
    links.get(LINK)
    read = KnownLinks.read

    def slow_read(self: KnownLinks) -> None:
        reads[0] += 1
        assert all_came.wait(60)
        read(self)

    monkeypatch.setattr(KnownLinks, "read", slow_read)
    monkeypatch.setattr(known_links, "REFRESH_SECONDS", 0.0)
    answered: list[int] = []

    def ask() -> None:
        links.get(LINK)
        answered.append(1)
        if len(answered) == 15:  # all but the one that reads
            all_came.set()

    at_once(*(ask for _ in range(16)))
    assert reads[0] == 1


@pytest.mark.django_db
def test_a_failure_that_cannot_be_written_now_is_written_later_and_ends_no_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    health = SharedHealth()
    with monkeypatch.context() as broken:
        broken.setattr(link_rows, "write_outcome", _away)
        health.record(LINK, error="fell down")
    assert not ToolHealth.objects.exists()
    health.flush()
    row = ToolHealth.objects.get()
    assert (row.calls, row.failures, row.last_error) == (1, 1, "fell down")


def _away(outcome: object, *, calm_before: int) -> ToolHealth:
    raise OperationalError(f"no database for {outcome} after {calm_before}")
