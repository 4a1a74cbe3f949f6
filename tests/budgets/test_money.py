"""Amounts that people type and read: strict one way, short the other, and no cent lost between."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgets.money import MAX_NANOS, MoneyError, exact_usd, format_usd, parse_usd

amounts = st.integers(min_value=0, max_value=MAX_NANOS)


@pytest.mark.parametrize(
    ("text", "nanos"),
    [
        ("5", 5 * 10**9),
        ("0.10", 10**8),
        (" 5.00 ", 5 * 10**9),
        ("$2.5", 25 * 10**8),
        (".5", 5 * 10**8),
        ("0", 0),
        ("007", 7 * 10**9),
        ("0.000000001", 1),
        ("1000000000", MAX_NANOS),
    ],
)
def test_amounts_that_people_write_are_read(text: str, nanos: int) -> None:
    assert parse_usd(text) == nanos


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        ".",
        "$",
        "NaN",
        "nan",
        "inf",
        "-inf",
        "Infinity",
        "1e400",
        "1e3",
        "1,50",
        "1,000.00",
        "-1",
        "-0",
        "+1",
        "0x10",
        "1_000",
        "0.0000000001",
        "1.",
        "1.2.3",
        "5 USD",
        "€5",
        "١٢",
        "\uff15",
        "1\x00",
        "5 0",
        "1000000000.000000001",
        "99999999999",
    ],
)
def test_anything_ambiguous_is_refused_with_a_message(text: str) -> None:
    with pytest.raises(MoneyError, match=r"^[A-Z].+\.$"):
        parse_usd(text)


def test_a_million_digits_are_refused_without_becoming_a_number() -> None:
    with pytest.raises(MoneyError):
        parse_usd("9" * 1_000_000)


@given(st.text())
def test_no_text_breaks_the_parser(text: str) -> None:
    try:
        nanos = parse_usd(text)
    except MoneyError:
        return
    assert 0 <= nanos <= MAX_NANOS


@given(amounts)
def test_the_exact_form_is_read_back_to_the_nano(nanos: int) -> None:
    assert parse_usd(exact_usd(nanos)) == nanos


@given(amounts)
def test_the_shown_form_is_within_half_a_percent(nanos: int) -> None:
    assert abs(parse_usd(format_usd(nanos)) - nanos) <= nanos // 200 + 1


@pytest.mark.parametrize(
    ("nanos", "text"),
    [
        (0, "$0.00"),
        (10**8, "$0.10"),
        (132_000, "$0.000132"),
        (132_456, "$0.000132"),
        (1, "$0.000000001"),
        (123_456_789, "$0.123"),
        (999_600_000, "$1.00"),
        (12_345_678_901, "$12.35"),
        (-(10**8), "-$0.10"),
    ],
)
def test_small_amounts_keep_their_digits(nanos: int, text: str) -> None:
    assert format_usd(nanos) == text


def test_places_fix_the_decimals() -> None:
    assert format_usd(1_234_567_890, places=4) == "$1.2346"
    assert format_usd(1_500_000_000, places=0) == "$2"
    assert format_usd(-1, places=2) == "$0.00"


def test_impossible_places_are_refused() -> None:
    with pytest.raises(ValueError, match="places"):
        format_usd(1, places=10)
