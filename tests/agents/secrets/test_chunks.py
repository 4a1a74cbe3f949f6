"""A text that comes in pieces loses its secrets wherever it was cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.secrets.chunks import Chunks
from agents.secrets.matcher import Matcher

KNOWN = Matcher([("CRM_KEY", "canary-7f3a-99"), ("MORE", "canary-7f3a-99-more")])
TEXT = (
    "The key is canary-7f3a-99, the other canary-7f3a-99-more; sk-proj-Ab3dEf6hIj9kLm2nOp5q too. "
    "Bearer eyJhbGciOiJIUzI1NiJ9.e30 and -----BEGIN PRIVATE KEY-----\nMII/Ab+=\n-----END PRIVATE KEY-----. Done."
)


def streamed(pieces: list[str], matcher: Matcher = KNOWN) -> list[str]:
    said: list[str] = []
    chunks = Chunks(lambda: matcher, said.append)
    for piece in pieces:
        chunks.hear(piece)
    chunks.end()
    return said


@pytest.mark.parametrize("place", range(len(TEXT) + 1))
def test_it_does_not_matter_where_a_text_is_cut(place: int) -> None:
    assert "".join(streamed([TEXT[:place], TEXT[place:]])) == KNOWN.text(TEXT)


def test_single_characters_are_enough() -> None:
    assert "".join(streamed(list(TEXT))) == KNOWN.text(TEXT)


def test_prose_is_passed_on_while_it_comes() -> None:
    said = streamed(["It rains in the north of the country, ", "and the south is dry."])
    assert len(said) > 1
    assert "".join(said) == "It rains in the north of the country, and the south is dry."


@given(st.lists(st.sampled_from(["canary", "-7f3a", "-99", "-more", " ", "x"]), max_size=12), st.data())
def test_no_way_of_cutting_lets_a_secret_through(parts: list[str], data: st.DataObject) -> None:
    text = "".join(parts)
    places = sorted(data.draw(st.sets(st.integers(0, len(text)))))
    pieces = [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]
    assert "canary-7f3a-99" not in "".join(streamed(pieces))
