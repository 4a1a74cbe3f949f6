"""The breaker's arithmetic: enough calls, too many failures, a pause, one probe."""

from datetime import UTC, datetime, timedelta

import pytest

from agents.tools.breaker import MINIMUM_CALLS, OPEN_FOR, PROBE_PATIENCE, WINDOW, Breaker

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def calm() -> Breaker:
    """A link that nobody has called yet."""
    return Breaker("closed", "", 0, 0, NOON)


def after(breaker: Breaker, outcomes: str, at: datetime = NOON) -> Breaker:
    """The breaker after calls: f failed, o was fine."""
    for outcome in outcomes:
        breaker = breaker.after(failed=outcome == "f", now=at)
    return breaker


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        ("ffff", "closed"),
        ("fffff", "open"),
        ("ooofff", "open"),
        ("ooooff", "closed"),
        ("offof", "open"),
        ("ooofo", "closed"),
    ],
)
def test_it_opens_when_half_of_enough_calls_fail(outcomes: str, state: str) -> None:
    assert after(calm(), outcomes).state == state


def test_failures_of_an_older_window_do_not_count() -> None:
    late = after(after(calm(), "ffff"), "f", NOON + WINDOW)
    assert (late.state, late.calls, late.failures) == ("closed", 1, 1)


def test_it_wants_one_probe_once_it_has_been_open_long_enough() -> None:
    opened = after(calm(), "f" * MINIMUM_CALLS)
    assert not opened.wants_probe(NOON + OPEN_FOR - SECOND)
    assert opened.wants_probe(NOON + OPEN_FOR)
    probing = opened.probing(NOON + OPEN_FOR)
    assert probing.state == "half_open"
    assert not probing.wants_probe(NOON + OPEN_FOR + SECOND)
    assert probing.wants_probe(NOON + OPEN_FOR + PROBE_PATIENCE)


def test_a_good_probe_closes_it_and_a_bad_one_opens_it_again() -> None:
    probing = after(calm(), "f" * MINIMUM_CALLS).probing(NOON + OPEN_FOR)
    closed = probing.after(failed=False, now=NOON + OPEN_FOR)
    assert (closed.state, closed.calls, closed.failures) == ("closed", 0, 0)
    opened = probing.after(failed=True, now=NOON + OPEN_FOR)
    assert (opened.state, opened.opened_at) == ("open", NOON + OPEN_FOR)


def test_a_late_answer_does_not_close_what_has_opened() -> None:
    assert after(calm(), "fffffo").state == "open"


def test_what_an_operator_forced_is_kept() -> None:
    forced = Breaker("half_open", "closed", 3, 3, NOON)
    assert forced.after(failed=False, now=NOON).forced == "closed"


def test_a_tripped_breaker_is_open_whatever_was_counted_and_comes_back_by_a_probe() -> None:
    tripped = after(calm(), "oooooooof").trip(NOON)
    assert (tripped.state, tripped.tripped) == ("open", True)
    assert not tripped.wants_probe(NOON + OPEN_FOR - SECOND)
    probing = tripped.probing(NOON + OPEN_FOR)
    assert probing.tripped
    assert probing.after(failed=False, now=NOON + OPEN_FOR) == Breaker("closed", "", 0, 0, NOON + OPEN_FOR, openings=1)


def test_one_that_opened_by_failures_was_not_tripped() -> None:
    assert not after(calm(), "fffff").tripped
    assert not calm().tripped


def test_calls_under_way_when_it_opened_change_nothing() -> None:
    tripped = calm().trip(NOON)
    assert after(tripped, "ffofo") == tripped
