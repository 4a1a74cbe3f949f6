"""How a kill stands, without a database."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from console.screens.stops.asked import Asked, shown_on
from console.screens.stops.forms import StopForm, phrase_for
from console.screens.stops.progress import percentile, progress_of

CLICK = datetime(2026, 11, 22, 10, 22, 14, tzinfo=UTC)
SECOND = timedelta(seconds=1)
RUN_ID = "0" * 31 + "a"


@dataclass
class Killed:
    """A run that was killed at CLICK."""

    state: str = "kill_requested"
    lease_expires_at: datetime | None = CLICK + 20 * SECOND
    kill_acknowledged_at: datetime | None = None
    ended_at: datetime | None = None


def test_nothing_is_said_before_it_is_so() -> None:
    found = progress_of(Killed(), clicked_at=CLICK, now=CLICK + SECOND)
    assert (found.acknowledged_ms, found.stopped_ms, found.deaf) == (None, None, False)
    assert "not answered yet" in found.why


def test_a_worker_that_is_silent_for_five_seconds_is_deaf_and_its_lease_is_named() -> None:
    found = progress_of(Killed(), clicked_at=CLICK, now=CLICK + 5 * SECOND)
    assert found.deaf
    assert found.why == "Its worker does not answer."
    assert found.lease_expires_at == CLICK + 20 * SECOND


def test_a_worker_that_heard_it_and_hangs_is_deaf_too() -> None:
    heard = Killed(kill_acknowledged_at=CLICK + SECOND)
    assert not progress_of(heard, clicked_at=CLICK, now=CLICK + 2 * SECOND).deaf
    assert progress_of(heard, clicked_at=CLICK, now=CLICK + 9 * SECOND).deaf


def test_once_the_lease_is_over_the_sweep_is_awaited() -> None:
    found = progress_of(Killed(), clicked_at=CLICK, now=CLICK + 21 * SECOND)
    assert "the next sweep ends it" in found.why
    assert found.lease_expires_at is None


def test_milliseconds_count_from_the_click() -> None:
    ended = Killed("killed", None, CLICK + timedelta(milliseconds=12), CLICK + timedelta(milliseconds=48))
    found = progress_of(ended, clicked_at=CLICK, now=CLICK + 60 * SECOND)
    assert (found.acknowledged_ms, found.stopped_ms, found.why, found.deaf) == (12, 48, "", False)


@pytest.mark.parametrize(("percent", "value"), [(50, 50), (99, 99), (100, 100), (1, 1)])
def test_a_percentile_is_the_least_value_that_so_many_do_not_exceed(percent: int, value: int) -> None:
    assert percentile(list(range(1, 101)), percent) == value


def test_one_value_is_every_percentile_and_none_has_none() -> None:
    assert (percentile([7], 50), percentile([7], 99), percentile([], 50)) == (7, 7, None)


@pytest.mark.parametrize(
    ("page", "asked"),
    [
        (f"https://host/t/acme/runs/{RUN_ID}/?step=aa", Asked("runs", run_ids=(RUN_ID,))),
        ("https://host/t/acme/runs/?q=status%3Alive+agent%3Areader", Asked("filter", q="status:live agent:reader")),
        ("https://host/t/acme/runs/?q=+", Asked()),
        ("https://host/t/acme/runs/new/", Asked()),
        ("https://host/t/acme/budgets/?q=x", Asked()),
        ("", Asked()),
    ],
)
def test_the_page_one_comes_from_says_what_is_meant(page: str, asked: Asked) -> None:
    assert shown_on(page) == asked


@pytest.mark.parametrize("typed", ["kill 1200", " Kill  1,200 ", "KILL 1200"])
def test_the_phrase_may_be_typed_as_people_type(typed: str) -> None:
    assert StopForm({"reason": "x", "confirm": typed}, phrase=phrase_for("kill", 1200)).is_valid()


@pytest.mark.parametrize("typed", ["", "kill", "1200", "kill 12", "kill 1201", "stop 1200"])
def test_nothing_else_is_the_phrase(typed: str) -> None:
    form = StopForm({"reason": "x", "confirm": typed}, phrase=phrase_for("kill", 1200))
    assert form.errors["confirm"] == ["Type kill 1200."]


def test_one_run_needs_no_phrase() -> None:
    assert StopForm({"reason": "x"}, phrase=phrase_for("kill", 1)).is_valid()
