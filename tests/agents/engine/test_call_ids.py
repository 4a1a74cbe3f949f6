"""No two calls of a run share an id, and every id can be stored."""

import pytest

from agents.engine.call_ids import LONGEST_ID, with_own_ids
from tests.agents.engine.doubles import asks, call


def ids(*wanted: str, taken: tuple[str, ...] = ()) -> list[str]:
    """The ids that calls get after others."""
    return [each.call_id for each in with_own_ids(asks(*(call("look_up", w) for w in wanted)), taken).calls]


def test_ids_that_are_free_stay() -> None:
    message = asks(call("look_up", "a"), call("look_up", "b"))
    assert with_own_ids(message, {"c"}) is message


def test_an_id_that_is_in_use_gets_the_next_free_number() -> None:
    assert ids("a", "a", taken=("a", "a_2")) == ["a_3", "a_4"]


@pytest.mark.parametrize("wanted", ["x" * (LONGEST_ID + 1), "a\x00b", "a\nb"])
def test_an_id_that_no_row_holds_is_replaced(wanted: str) -> None:
    assert ids(wanted, wanted) == ["call", "call_2"]


def test_a_long_id_in_use_stays_within_what_a_row_holds() -> None:
    longest = "x" * LONGEST_ID
    assert len(ids(longest, taken=(longest,))[0]) <= LONGEST_ID
