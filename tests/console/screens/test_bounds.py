"""Costs and ages as people type them."""

from datetime import timedelta

import pytest

from console.screens.runs.bounds import BoundError, CostBound, parse_age, parse_cost


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        (">80%", CostBound(True, percent=80)),
        ("<5%", CostBound(False, percent=5)),
        (">0.05", CostBound(True, nanos=50_000_000)),
        ("<$1.50", CostBound(False, nanos=1_500_000_000)),
        ("2", CostBound(True, nanos=2_000_000_000)),
    ],
)
def test_costs_are_exact(text: str, bound: CostBound) -> None:
    assert parse_cost(text) == bound


@pytest.mark.parametrize("text", [">", "much", "80.5%", "1,000", "-1", "%", "9" * 40])
def test_other_costs_are_refused_with_an_example(text: str) -> None:
    with pytest.raises(BoundError, match=r"cost:>"):
        parse_cost(text)


@pytest.mark.parametrize(
    ("text", "age"), [("90s", timedelta(seconds=90)), ("1h", timedelta(hours=1)), ("2w", timedelta(weeks=2))]
)
def test_ages_have_a_unit(text: str, age: timedelta) -> None:
    assert parse_age(text) == age


@pytest.mark.parametrize("text", ["1", "h", "1y", "-1h", "99999d", "1 h"])
def test_other_ages_are_refused_with_an_example(text: str) -> None:
    with pytest.raises(BoundError, match="since:1h"):
        parse_age(text)
