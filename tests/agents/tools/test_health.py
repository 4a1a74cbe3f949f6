"""Health is shared: what one worker sees closes the door for all, and one of them probes."""

from datetime import UTC, datetime, timedelta

import pytest

from agents.models import ToolHealth
from agents.tools import known_links
from agents.tools.breaker import OPEN_FOR
from agents.tools.health import SharedHealth
from tests.agents.at_once import at_once

LINK = "look_up/shelf"


@pytest.fixture
def at_once_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are read each time."""
    monkeypatch.setattr(known_links, "REFRESH_SECONDS", 0.0)


def opened(seconds_ago: float, **fields: object) -> None:
    """A link whose breaker opened then."""
    at = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    given: dict[str, object] = {"state": "open", "opened_at": at, "window_started_at": at, **fields}
    ToolHealth.objects.create(link=LINK, **given)


@pytest.mark.django_db
def test_a_link_that_nobody_knows_is_open_for_calls() -> None:
    assert SharedHealth().allows(LINK)
    assert not ToolHealth.objects.exists()


@pytest.mark.django_db
def test_enough_failures_close_the_door_for_other_workers_too() -> None:
    one, other = SharedHealth(), SharedHealth()
    for _ in range(5):
        assert one.allows(LINK)
        one.record(LINK, error="fell down")
    assert not one.allows(LINK)
    assert not other.allows(LINK)
    row = ToolHealth.objects.get()
    assert (row.state, row.last_error, row.failures) == ("open", "fell down", 5)


@pytest.mark.django_db
def test_successes_in_a_row_cost_few_writes_and_are_all_counted() -> None:
    link = SharedHealth()
    for _ in range(50):
        link.record(LINK, error="")
    assert not ToolHealth.objects.exists()
    link.flush()
    assert ToolHealth.objects.get().calls == 50
    link.record(LINK, error="")
    link.record(LINK, error="fell down")
    row = ToolHealth.objects.get()
    assert (row.calls, row.failures, row.state) == (52, 1, "closed")


@pytest.mark.django_db
@pytest.mark.usefixtures("at_once_fresh")
def test_what_an_operator_forces_holds() -> None:
    opened(0, forced="closed")
    assert SharedHealth().allows(LINK)
    ToolHealth.objects.update(state="closed", forced="open")
    assert not SharedHealth().allows(LINK)


@pytest.mark.django_db
@pytest.mark.usefixtures("at_once_fresh")
def test_a_probe_decides_for_all() -> None:
    opened(OPEN_FOR.total_seconds() + 1)
    one, other = SharedHealth(), SharedHealth()
    assert one.allows(LINK)
    assert not other.allows(LINK)
    one.record(LINK, error="")
    assert other.allows(LINK)
    assert ToolHealth.objects.get().state == "closed"


@pytest.mark.django_db
@pytest.mark.usefixtures("at_once_fresh")
def test_a_failed_probe_opens_it_again() -> None:
    opened(OPEN_FOR.total_seconds() + 1)
    one = SharedHealth()
    assert one.allows(LINK)
    one.record(LINK, error="still down")
    assert not one.allows(LINK)


@pytest.mark.django_db(transaction=True)
def test_of_eight_workers_at_once_one_probes() -> None:
    opened(OPEN_FOR.total_seconds() + 1)
    workers = [SharedHealth() for _ in range(8)]
    assert sum(at_once(*(lambda worker=worker: worker.allows(LINK) for worker in workers))) == 1
    assert ToolHealth.objects.get().state == "half_open"


@pytest.mark.django_db(transaction=True)
def test_failures_that_eight_workers_report_at_once_are_all_counted() -> None:
    workers = [SharedHealth() for _ in range(8)]
    at_once(*(lambda worker=worker: worker.record(LINK, error="down") for worker in workers))
    row = ToolHealth.objects.get()
    assert row.state == "open"
    assert row.failures >= 5


@pytest.mark.django_db
@pytest.mark.usefixtures("at_once_fresh")
def test_a_trip_closes_the_door_for_all_workers_at_once_and_a_probe_opens_it() -> None:
    one, other = SharedHealth(), SharedHealth()
    one.record(LINK, error="")
    one.record(LINK, error="")
    one.trip(LINK, reason="billed too much")
    assert not other.allows(LINK)
    row = ToolHealth.objects.get()
    assert (row.state, row.last_error, row.failures) == ("open", "billed too much", 0)
    ToolHealth.objects.update(opened_at=datetime.now(UTC) - OPEN_FOR)
    assert other.allows(LINK)
    other.record(LINK, error="")
    assert one.allows(LINK)


@pytest.mark.django_db
def test_a_link_that_nobody_knew_can_be_tripped() -> None:
    SharedHealth().trip(LINK, reason="billed too much")
    assert not SharedHealth().allows(LINK)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "allowed"),
    [
        ({"failures": 5}, True),
        ({"failures": 0}, False),
        ({"failures": 5, "forced": "open"}, False),
        ({"failures": 0, "forced": "closed"}, True),
    ],
    ids=["fails often", "tripped", "switched off", "switched on"],
)
def test_a_last_resort_may_be_one_that_fails_often_and_no_other(fields: dict[str, object], allowed: bool) -> None:
    opened(1, **fields)
    assert SharedHealth().allows(LINK, last_resort=True) is allowed


@pytest.mark.django_db
def test_what_is_too_slow_counts_as_a_failure_though_it_served() -> None:
    link = SharedHealth()
    for _ in range(5):
        link.record(LINK, error="", duration_ms=900, slow_after_ms=800)
    assert not link.allows(LINK)
    row = ToolHealth.objects.get()
    assert (row.state, row.failures, row.last_error) == ("open", 5, "")


@pytest.mark.django_db
@pytest.mark.parametrize(("operators", "opens"), [(None, True), (0, False), (1_000, False), (500, True)])
def test_an_operators_limit_stands_in_place_of_the_links_own(operators: int | None, opens: bool) -> None:
    ToolHealth.objects.create(link=LINK, window_started_at=datetime.now(UTC), slow_after_ms=operators)
    link = SharedHealth()
    for _ in range(5):
        link.record(LINK, error="", duration_ms=900, slow_after_ms=800)
    assert link.allows(LINK) is not opens


@pytest.mark.django_db
@pytest.mark.usefixtures("at_once_fresh")
def test_the_only_one_is_known_to_all_and_is_called_whatever_was_counted() -> None:
    opened(0, forced="only")
    assert SharedHealth().only(["look_up/archive", LINK]) == LINK
    assert SharedHealth().only(["look_up/archive"]) == ""
    assert SharedHealth().allows(LINK)


@pytest.mark.django_db
@pytest.mark.usefixtures("at_once_fresh")
def test_a_probe_that_somebody_asked_for_lets_the_next_call_through_before_its_time() -> None:
    opened(1, probe_asked_at=datetime.now(UTC))
    one, other = SharedHealth(), SharedHealth()
    assert one.allows(LINK)
    assert not other.allows(LINK)
    one.record(LINK, error="")
    row = ToolHealth.objects.get()
    assert (row.state, row.probe_asked_at) == ("closed", None)
