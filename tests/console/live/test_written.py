"""Text on its way to a page: whoever comes, and whatever is lost, shows no wrong text."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.models import Run
from agents.writing import KEPT_CHARACTERS, Piece
from console.live import feeds
from console.live.flow import SECONDS_TO_ACKNOWLEDGE
from console.live.models import LiveEpoch
from console.live.threads import in_thread
from console.live.written import Reader, Written
from console.models import User
from tests.console.live.conftest import Page, Play, cookie_of, tell

SPAN = "a" * 16


def piece(at: int, text: str, *, attempt: int = 1) -> Piece:
    return Piece(SPAN, attempt, at, text)


def page_of(run: Run, cookie: bytes) -> Page:
    return Page(f"/live/t/acme/runs/{run.pk}/?seq=0&epoch={LiveEpoch.current()}", cookie)


def test_pieces_that_follow_on_make_the_text() -> None:
    written = Written()
    for each in (piece(0, "The order "), piece(10, "is "), piece(10, "is "), piece(0, "The order is late ")):
        written.take(each)
    assert written.known == piece(0, "The order is late ")


def test_after_a_hole_the_rest_stands_alone_until_the_whole_comes() -> None:
    written = Written()
    written.take(piece(0, "The order "))
    written.take(piece(13, "late "))
    assert written.known == piece(13, "late ")
    written.take(piece(0, "The order is late "))
    assert written.known == piece(0, "The order is late ")


def test_another_attempt_begins_anew() -> None:
    written = Written()
    written.take(piece(0, "The order "))
    written.take(piece(0, "Order ", attempt=2))
    assert written.known == piece(0, "Order ", attempt=2)


def test_it_is_bounded() -> None:
    written, half = Written(), KEPT_CHARACTERS // 2
    for number in range(10):
        written.take(piece(number * half, "x" * half))
    assert len(written.known.text) == KEPT_CHARACTERS
    assert written.known.at == 4 * KEPT_CHARACTERS


def test_one_message_is_on_its_way_at_a_time() -> None:
    reader = Reader()
    assert reader.next(piece(0, "The ")) is not None
    assert reader.next(piece(0, "The order ")) is None
    reader.acknowledge(1)
    assert reader.next(piece(0, "The order ")) == '{"text":2,"piece":' + piece(4, "order ").to_json() + "}"
    reader.acknowledge(2)
    assert reader.next(piece(0, "The order ")) is None


def test_who_leaves_a_message_unread_is_overdue(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Reader()
    monkeypatch.setattr("console.live.written.time.monotonic", lambda: 100.0)
    reader.next(piece(0, "The "))
    assert not reader.overdue(100.0 + SECONDS_TO_ACKNOWLEDGE)
    assert reader.overdue(101.0 + SECONDS_TO_ACKNOWLEDGE)
    reader.acknowledge(1)
    assert not reader.overdue(101.0 + SECONDS_TO_ACKNOWLEDGE)


@given(st.text(min_size=1, max_size=200), st.integers(0, 2**32))
def test_whatever_is_lost_or_late_no_text_is_wrong(text: str, seed: int) -> None:
    """Worker to hub loses pieces, and the viewer reads slowly: what it shows is always a part of the text as told."""
    dice, written, reader, shown, told = random.Random(seed), Written(), Reader(), Written(), 0
    for _ in range(40):
        upto = min(len(text), told + dice.randrange(12))
        begin = 0 if dice.random() < 0.2 else told
        sent, told = piece(begin, text[begin:upto]), upto
        if sent.text and dice.random() < 0.7:
            written.take(sent)
        if (message := reader.next(written.known)) is not None:
            shown.take(piece_in(message))
        if dice.random() < 0.5:
            reader.acknowledge(reader._number)
        known = shown.known
        assert text[known.at : known.at + len(known.text)] == known.text
    written.take(piece(0, text))
    reader.acknowledge(reader._number)
    if (message := reader.next(written.known)) is not None:
        shown.take(piece_in(message))
    assert shown.known == piece(0, text)


def piece_in(message: str) -> Piece:
    """As the page reads it."""
    said = json.loads(message)["piece"]
    return Piece(said["span"], said["attempt"], said["at"], said["text"])


def test_who_watches_sees_it_written_and_who_comes_later_what_there_is_so_far(
    viewer: User, run: Run, play: Play
) -> None:
    cookie = cookie_of(viewer)
    first, second = page_of(run, cookie), page_of(run, cookie)
    tell(run, "model.started", SPAN, llm="rehearsal:search")

    async def scenario() -> None:
        await first.watch()
        await feeds.hub.hear_text(run.pk, piece(0, "<b>The order "))
        message = await first.text()
        assert message["piece"] == {"span": SPAN, "attempt": 1, "at": 0, "text": "<b>The order "}
        await first.socket.send_json_to({"read": message["text"]})
        await feeds.hub.hear_text(run.pk, piece(13, "is "))
        assert (await first.text())["piece"]["text"] == "is "
        await second.open()
        assert (await second.text())["piece"]["text"] == "<b>The order is "
        for page in (first, second):
            await page.close()

    play(scenario)


def test_the_recorded_step_takes_the_place_of_the_text(viewer: User, run: Run, play: Play) -> None:
    page = page_of(run, cookie_of(viewer))
    tell(run, "model.started", SPAN, llm="rehearsal:search")

    async def scenario() -> None:
        await page.watch()
        watched = feeds.hub.runs[run.pk]
        await feeds.hub.hear_text(run.pk, piece(0, "The order "))
        seq = await in_thread(tell, run, "model.ended", SPAN, llm="rehearsal:search", status="ok")
        feeds.hub.hear(run.pk, run.tenant_id, seq)
        await page.read(until=2)
        assert watched.written.known.text == ""
        await feeds.hub.hear_text(run.pk, piece(10, "is late "))
        assert watched.written.known.text == "", "a late piece of an ended step"
        await page.close()

    play(scenario)


def test_only_watched_runs_are_listened_to(viewer: User, run: Run, play: Play) -> None:
    page, runs = page_of(run, cookie_of(viewer)), Page("/live/t/acme/runs/", cookie_of(viewer))

    async def scenario() -> None:
        await runs.watch()
        assert feeds.hub.ear._wanted == set()
        await page.watch()
        assert feeds.hub.ear._wanted == {f"watchfloor:text:{run.pk}"}
        await page.close()
        assert feeds.hub.ear._wanted == set()
        await runs.close()

    play(scenario)
