"""Flow control of one socket."""

from console.live.flow import FRAMES_IN_FLIGHT, SECONDS_TO_ACKNOWLEDGE, Window


def test_a_reader_that_never_acknowledges_is_sent_no_more_than_the_window() -> None:
    window = Window(0)
    for seq in range(1, 100):
        if window.takes(seq - 1):
            window.note_sent(seq, now=0.0)
    assert window.sent == FRAMES_IN_FLIGHT
    assert window.behind


def test_room_comes_back_with_the_acknowledgement() -> None:
    window = Window(0)
    for seq in range(1, FRAMES_IN_FLIGHT + 1):
        window.note_sent(seq, now=0.0)
    assert not window.open
    window.acknowledge(FRAMES_IN_FLIGHT)
    assert window.open


def test_a_frame_that_does_not_follow_on_is_not_taken() -> None:
    window = Window(4)
    assert not window.takes(5)
    assert window.behind


def test_who_is_behind_takes_nothing_before_it_has_caught_up() -> None:
    window = Window(4)
    window.takes(5)
    assert not window.takes(4)
    window.note_sent(6, now=0.0)
    assert window.takes(6)


def test_a_reader_may_take_its_time_but_not_for_ever() -> None:
    window = Window(0)
    assert not window.overdue(1000.0)
    window.note_sent(1, now=0.0)
    assert not window.overdue(SECONDS_TO_ACKNOWLEDGE)
    assert window.overdue(SECONDS_TO_ACKNOWLEDGE + 1)
