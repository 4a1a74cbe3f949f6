"""The grammar of the filter text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.screens.runs.query import KEYS, Query, Term, parse


def test_keys_and_words_are_told_apart() -> None:
    query = parse("status:failed,killed agent:support-triage late parcel")
    assert query.values("status") == ["failed", "killed"]
    assert query.values("agent") == ["support-triage"]
    assert query.words == ["late", "parcel"]
    assert query.problems == ()


def test_quotes_hold_words_together() -> None:
    assert parse('user:"Mara Lind" "two words"').terms == (Term("user", "Mara Lind"), Term("", "two words"))


def test_an_unknown_key_is_named_with_the_known_ones() -> None:
    query = parse("colour:red status:failed")
    assert query.terms == (Term("status", "failed"),)
    assert "“colour:”" in query.problems[0]
    assert "surface" in query.problems[0]


def test_a_key_without_a_value_is_a_problem() -> None:
    assert "lacks its value" in parse("status: agent:x").problems[0]
    assert parse("status: agent:x").terms == (Term("agent", "x"),)


def test_a_chip_takes_its_own_term_away() -> None:
    query = parse("status:failed since:1h")
    assert str(query.without(Term("since", "1h"))) == "status:failed"


def test_a_shortcut_replaces_terms_of_its_key() -> None:
    assert str(parse("status:failed x").having("status", "live")) == "x status:live"


def test_a_text_that_is_too_long_selects_nothing_by_accident() -> None:
    assert parse("x " * 400).problems == ("The filter is longer than 500 characters.",)


@given(st.text(max_size=500))
def test_any_text_is_read_without_an_exception(text: str) -> None:
    assert isinstance(parse(text), Query)


VALUES = (
    st.text(st.characters(codec="ascii", min_codepoint=32, exclude_characters='"\\'), min_size=1)
    .map(str.strip)
    .filter(bool)
)


@given(st.lists(st.tuples(st.sampled_from(KEYS), VALUES), max_size=4))
def test_what_is_written_is_read_again(pairs: list[tuple[str, str]]) -> None:
    query = Query(tuple(Term(key, " ".join(value.split())) for key, value in pairs))
    if len(str(query)) <= 500:
        assert parse(str(query)) == query


@pytest.mark.parametrize("text", ["", "   ", '"', "::", ":x", '""'])
def test_fragments_are_harmless(text: str) -> None:
    assert all(term.value for term in parse(text).terms)
