"""Figures and words as people read them."""

from datetime import UTC, datetime
from typing import get_args

import pytest

from agents.contracts.endings import RunState
from console.live import figures
from console.live.status import RUN_STATUS, run_status, step_status


@pytest.mark.parametrize(
    ("milliseconds", "shown"),
    [
        (None, "–"),
        (0, "0 ms"),
        (999, "999 ms"),
        (3_190, "3.1 s"),
        (94_000, "1m 34s"),
        (7_500_000, "2h 05m"),
        (273_600_000, "3d 04h"),
    ],
)
def test_durations(milliseconds: int | None, shown: str) -> None:
    assert figures.duration(milliseconds) == shown


def test_ages_are_never_negative() -> None:
    assert figures.age(-5) == "0s"


def test_absolute_times_are_utc_with_milliseconds() -> None:
    moment = datetime(2026, 11, 22, 10, 22, 14, 117_900, tzinfo=UTC)
    assert figures.absolute(moment) == "2026-11-22 10:22:14.117 UTC"


@pytest.mark.parametrize(
    ("spent", "cap", "width", "tone"),
    [
        (0, 100, 0, "ok"),
        (1, 10_000, 1, "ok"),
        (70, 100, 70, "warn"),
        (95, 100, 95, "bad"),
        (300, 100, 100, "bad"),
        (5, None, 0, "ok"),
    ],
)
def test_a_meter_shows_any_spending_and_never_overflows(spent: int, cap: int | None, width: int, tone: str) -> None:
    assert (figures.meter_width(spent, cap), figures.meter_tone(spent, cap)) == (width, tone)


def test_every_run_state_has_a_word_a_glyph_and_a_tone() -> None:
    assert set(RUN_STATUS) == set(get_args(RunState))
    assert len({status.word for status in RUN_STATUS.values()}) == len(RUN_STATUS)


def test_an_acknowledged_kill_reads_differently_from_a_requested_one() -> None:
    assert run_status("kill_requested").word == "kill requested"
    assert run_status("kill_requested", kill_acknowledged=True).word == "kill acknowledged"


def test_an_unknown_state_is_shown_as_it_is() -> None:
    assert run_status("resting").word == "resting"
    assert step_status("odd").word == "odd"


def test_tokens_are_spelled_out_with_those_from_a_cache() -> None:
    assert figures.tokens_in_words(2_178, 312, 900) == "2,178 in, 900 of them cached; 312 out"
    assert figures.tokens_in_words(5, None, 0) == "5 in; 0 out"
    assert figures.tokens_in_words(None, None, None) == ""
