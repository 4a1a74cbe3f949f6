"""What an LLM is writing is told to those who watch: in its order, bounded, without secrets, and to nobody in vain."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from agents import bell
from agents.contracts.llms import LLMRequest
from agents.edge import KillSwitch
from agents.llms import registry
from agents.run_ports.edges import EdgeLLMs
from agents.secrets.matcher import Matcher
from agents.secrets.redaction import known
from agents.writing import KEPT_CHARACTERS, WHOLE_SECONDS, Piece, RunText, Scribe, Writing, channel_of, piece_of
from tests.agents.engine.doubles import says
from tests.agents.workers import WrittenLLM, worker


@dataclass
class Line:
    """Redis as the scribe sees it."""

    listeners: int = 1
    away: bool = False
    sent: list[tuple[str, str]] = field(default_factory=list)

    def count(self, channels: Sequence[str]) -> dict[str, int]:
        if self.away:
            raise redis.ConnectionError
        return dict.fromkeys(channels, self.listeners)

    def publish(self, messages: Sequence[tuple[str, str]]) -> bool:
        self.sent += messages
        return True

    @property
    def pieces(self) -> list[Piece]:
        return [piece_of(text) for _, text in self.sent]


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Line:
    line = Line()
    monkeypatch.setattr(bell, "listeners", line.count)
    monkeypatch.setattr(bell, "publish", line.publish)
    return line


@pytest.fixture
def scribe() -> Scribe:
    """One that tells when the test says so."""
    return Scribe()


@pytest.fixture
def text(scribe: Scribe) -> RunText:
    text = RunText(scribe, "r1")
    text.begin("span1")
    return text


def test_what_came_between_two_looks_is_one_piece(line: Line, scribe: Scribe, text: RunText) -> None:
    for word in ("The ", "order ", "is "):
        text.hear(word)
    scribe.tell()
    text.hear("late ")
    scribe.tell()
    scribe.tell()
    assert line.sent[0][0] == channel_of("r1")
    assert line.pieces == [Piece("span1", 1, 0, "The order is "), Piece("span1", 1, 13, "late ")]


def test_nothing_is_sent_while_nobody_listens_and_then_all_of_it(line: Line, scribe: Scribe, text: RunText) -> None:
    line.listeners = 0
    text.hear("The order ")
    scribe.tell()
    assert line.sent == []
    line.listeners = 1
    text.hear("is late ")
    scribe.tell()
    assert line.pieces == [Piece("span1", 1, 0, "The order is late ")]


def test_who_comes_second_gets_the_whole(line: Line, scribe: Scribe, text: RunText) -> None:
    text.hear("The order ")
    scribe.tell()
    line.listeners = 2
    scribe.tell()
    assert line.pieces[-1] == Piece("span1", 1, 0, "The order ")


def test_now_and_then_the_whole_is_said_again() -> None:
    writing = Writing("r1", "span1", 1)
    writing.hear("The order ")
    assert writing.news(1, now=10.0) == Piece("span1", 1, 0, "The order ")
    assert writing.news(1, now=10.5) is None
    writing.hear("is late ")
    assert writing.news(1, now=10.0 + WHOLE_SECONDS) == Piece("span1", 1, 0, "The order is late ")


def test_of_a_long_text_the_end_is_kept_and_told_from_where(line: Line, scribe: Scribe, text: RunText) -> None:
    text.hear("word " * KEPT_CHARACTERS)
    scribe.tell()
    (piece,) = line.pieces
    assert len(piece.text) == KEPT_CHARACTERS
    assert piece.at == 5 * KEPT_CHARACTERS - KEPT_CHARACTERS


def test_a_retry_begins_anew_and_nothing_is_heard_between_calls(line: Line, scribe: Scribe, text: RunText) -> None:
    text.hear("The order ")
    scribe.tell()
    text.end()
    text.hear("lost ")
    scribe.tell()
    text.begin("span1")
    text.hear("Order 1029 ")
    scribe.tell()
    assert line.pieces == [Piece("span1", 1, 0, "The order "), Piece("span1", 2, 0, "Order 1029 ")]


def test_while_redis_is_away_nobody_is_told_and_later_all_of_it(line: Line, scribe: Scribe, text: RunText) -> None:
    text.hear("The order ")
    line.away = True
    assert scribe.tell() is False
    line.away = False
    text.hear("is late ")
    assert scribe.tell() is True
    assert line.pieces == [Piece("span1", 1, 0, "The order is late ")]


@pytest.mark.usefixtures("line")
def test_a_secret_in_pieces_is_never_told(
    monkeypatch: pytest.MonkeyPatch, line: Line, scribe: Scribe, text: RunText
) -> None:
    monkeypatch.setattr(known, "matcher", Matcher([("CRM_KEY", "canary-7f3a-99")]))
    for letter in "The key is canary-7f3a-99, and that is all. ":
        text.hear(letter)
        scribe.tell()
    said = "".join(piece.text for piece in line.pieces)
    assert "canary" not in said
    assert said.startswith("The key is [redacted CRM_KEY]")


@pytest.mark.parametrize(
    "message", ["", "[]", "{}", '{"span": "s", "attempt": 1, "at": -1, "text": ""}', '{"span": 1}', b"\xff"]
)
def test_what_is_no_piece_is_refused(message: str | bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # whichever of its kinds
        piece_of(message)


@given(st.lists(st.text(max_size=9), max_size=30), st.integers(0, 2**32))
def test_the_pieces_make_the_text(words: list[str], seed: int) -> None:
    dice, writing, told = random.Random(seed), Writing("r", "s", 1), ""
    for now, word in enumerate(words):
        writing.hear(word)
        piece = writing.news(dice.randrange(3), now=float(now))
        if piece is not None:
            assert piece.at <= len(told)
            told = told[: piece.at] + piece.text
    assert "".join(words).startswith(told)


def test_an_llm_that_streams_nothing_wakes_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    added: list[Writing] = []
    monkeypatch.setattr(Scribe, "add", lambda _scribe, writing: added.append(writing))
    monkeypatch.setattr(registry, "resolve", lambda _reference: WrittenLLM([says("All at once.")]))
    with worker("one") as at:
        text = RunText(at.scribe, "r1")
        request = LLMRequest(llm="x:y", messages=(), max_output_tokens=10, span_id="span1")
        EdgeLLMs(at, KillSwitch(), text).call(request, text.hear)
    assert added == []
