"""Run ids are ordered by when their runs were launched."""

from datetime import UTC, datetime, timedelta

from agents.contracts.ids import first_run_id, new_run_id


def test_runs_since_a_moment_are_those_from_its_first_id_on() -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    run_id = new_run_id()
    assert first_run_id(before) <= run_id < first_run_id(datetime.now(UTC) + timedelta(milliseconds=2))
    assert len(first_run_id(before)) == len(run_id) == 32


def test_the_first_id_is_older_than_any_of_the_same_millisecond() -> None:
    moment = datetime(2026, 11, 22, 10, 22, 14, 117_000, tzinfo=UTC)
    assert first_run_id(moment) < first_run_id(moment)[:12] + "7" + "0" * 19
    assert first_run_id(moment) > first_run_id(moment - timedelta(milliseconds=1))[:12] + "f" * 20
