"""What the Overview says of the last hours: each act, and each breaker once, however often it moved."""

from datetime import UTC, datetime, timedelta

from console.screens.overview.changes import changes_of
from console.screens.overview.lines import CHANGES, Kind, Line

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def line(kind: Kind, at: datetime, ref: str, name: str, note: str = "") -> Line:
    return Line(kind, at, ref, "", name, note, "jonas" if kind == "act" else "")


def test_a_breaker_that_moves_to_and_fro_is_told_once_as_it_stands_now() -> None:
    moves = [
        line("breaker", NOON + number * SECOND, "stock/stock_live", state, f"move {number}")
        for number, state in enumerate(["open", "half_open", "open", "half_open", "open"])
    ]
    (told,) = changes_of(moves)
    assert (told.what, told.why, told.at) == ("stock/stock_live is open", "move 4", NOON + 4 * SECOND)
    assert (told.times, told.span_ms) == (5, 4_000)


def test_other_breakers_and_acts_keep_their_places_beside_it() -> None:
    lines = [
        line("breaker", NOON, "stock/stock_live", "open"),
        line("act", NOON + SECOND, "stock/stock_live", "tool.force"),
        line("breaker", NOON + 2 * SECOND, "stock/stock_cached", "open"),
        line("breaker", NOON + 3 * SECOND, "stock/stock_live", "closed"),
        line("agent", NOON + 4 * SECOND, "digest", "search"),
    ]
    told = changes_of(lines)
    assert [change.what for change in told] == [
        "stock/stock_live is closed",
        "stock/stock_cached is open",
        "stock/stock_live",
    ]
    assert [change.times for change in told] == [2, 1, 1]


def test_no_more_are_told_than_have_room_the_newest_ones() -> None:
    acts = [line("act", NOON + number * SECOND, str(number), "run.launch") for number in range(CHANGES + 5)]
    assert [change.what for change in changes_of(acts)] == [str(number) for number in range(CHANGES + 4, 4, -1)]
