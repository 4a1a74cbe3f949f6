"""The ratios and verdicts that the table prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks import comparison
from tests.benchmarks.comparison import NOT_BUILT, Comparison, compare
from tests.benchmarks.contenders import ContenderFailedError
from tests.benchmarks.databases import Databases
from tests.benchmarks.measurements import Measurement, Standing
from tests.benchmarks.report import table
from tests.benchmarks.rows import OURS, ROWS, Row

ROW_BY_NAME = {row.name: row for row in ROWS}
TURN = ROW_BY_NAME["turn-sqlite"]
HUNDRED = ROW_BY_NAME["hundred-sqlite"]


def compared(row: Row, **per_turn_ms: list[float]) -> Comparison:
    """A comparison in which only the named contenders were measured."""
    standings = [Standing(contender=name, per_turn_ms=per_turn_ms.get(name, [])) for name in row.contenders]
    return Comparison(row=row, standings=tuple(standings))


def test_a_ratio_compares_medians() -> None:
    found = compared(TURN, watchfloor=[1.0, 3.0, 90.0], langgraph=[10.0, 10.0, 1.0])

    assert found.ratio_to_ours("langgraph") == pytest.approx(0.3)


def test_time_is_measured_against_the_named_peer_alone() -> None:
    assert compared(TURN, watchfloor=[4.0], langgraph=[10.0], dbos=[1.0]).meets_target() is True
    assert compared(TURN, watchfloor=[4.1], langgraph=[10.0], dbos=[99.0]).meets_target() is False


def test_throughput_is_measured_against_the_fastest_durable_peer() -> None:
    found = compared(HUNDRED, watchfloor=[1.0], langgraph=[20.0], dbos=[4.0])

    assert found.ratio_to_best() == pytest.approx(4.0)
    assert found.meets_target() is False


def test_no_verdict_while_a_figure_is_missing() -> None:
    assert compared(TURN, langgraph=[10.0]).meets_target() is None
    assert compared(HUNDRED, watchfloor=[1.0], langgraph=[20.0]).meets_target() is None


def test_the_table_says_what_is_not_built_and_invents_no_figure() -> None:
    found = compared(TURN, langgraph=[10.0])
    found.standing(OURS).give_up(NOT_BUILT, failed=False)

    assert f"{OURS:18}{NOT_BUILT}" in table(found)
    assert "cannot be told" in table(found)


def test_contenders_alternate_and_another_one_begins_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    order = record_order(monkeypatch)

    with Databases() as databases:
        compare(TURN, databases, repetitions=2, tell=lambda _text: None)

    assert order == [*TURN.contenders, *TURN.contenders[1:], TURN.contenders[0]]


def test_a_contender_that_fails_is_left_out_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    order = record_order(monkeypatch, failing="dbos")

    with Databases() as databases:
        found = compare(TURN, databases, repetitions=3, tell=lambda _text: None)

    assert order.count("dbos") == 1
    assert order.count("langgraph") == 3
    assert found.standing("dbos").absent == "failed: out of breath"
    assert found.standing("dbos").median_ms is None


def record_order(monkeypatch: pytest.MonkeyPatch, *, failing: str = "") -> list[str]:
    """Put a stand-in where processes are started, and return the list that fills with who was started."""
    order: list[str] = []

    def start(contender: str, row: Row, *, database: str, scratch: Path) -> Measurement:
        assert contender in database
        assert scratch.is_dir()
        order.append(contender)
        if contender == failing:
            raise ContenderFailedError("out of breath")
        return Measurement(peer=contender, versions={}, turns=row.turns, runs=row.runs, per_turn_ms=[1.0])

    monkeypatch.setattr(comparison, "measure_once", start)
    monkeypatch.setattr(comparison, "is_built", lambda _contender: True)
    monkeypatch.setattr(comparison, "is_installed", lambda _contender: True)
    return order
