"""A benchmark script's answer is believed only when it is whole and about the work that was asked for."""

from __future__ import annotations

import json

import pytest

from tests.benchmarks.measurements import UnreadableAnswerError, read_measurement

ANSWER = {
    "peer": "dbos",
    "versions": {"dbos": "3.4.0"},
    "database": "sqlite",
    "turns": 50,
    "runs": 1,
    "per_turn_ms": [8.0, 9.0],
    "turns_per_s": 117.6,
}


def test_the_last_line_is_the_answer() -> None:
    measurement = read_measurement("a library said hello\n" + json.dumps(ANSWER) + "\n", turns=50, runs=1)

    assert measurement.per_turn_ms == [8.0, 9.0]
    assert measurement.versions == {"dbos": "3.4.0"}


@pytest.mark.parametrize("stdout", ["", "Traceback", "[]", "{}", json.dumps(ANSWER | {"versions": None})])
def test_anything_but_the_line_is_refused(stdout: str) -> None:
    with pytest.raises(UnreadableAnswerError, match="no JSON line"):
        read_measurement(stdout, turns=50, runs=1)


def test_other_work_than_asked_for_is_refused() -> None:
    with pytest.raises(UnreadableAnswerError, match="measured 1 x 50 turns, asked for 100 x 10"):
        read_measurement(json.dumps(ANSWER), turns=10, runs=100)


@pytest.mark.parametrize("times", [[], [0.0], [8.0, -1.0]])
def test_an_answer_without_real_times_is_refused(times: list[float]) -> None:
    with pytest.raises(UnreadableAnswerError, match="no times"):
        read_measurement(json.dumps(ANSWER | {"per_turn_ms": times}), turns=50, runs=1)
