"""What is found of a secret in a text, in which writings, and what stands there instead."""

import base64
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from agents.secrets.matcher import Matcher
from agents.secrets.writings import why_not_hidden

KEY = 'pa/ss+w"o\\rd é=99'
KNOWN = Matcher([("CRM_KEY", KEY), ("SHORT", "abc"), ("LONGER", "tok-12345678"), ("LONGEST", "tok-12345678-more")])
letters = st.text("abc1", max_size=30)
values = st.text("abc1-", min_size=8, max_size=14).filter(lambda value: not why_not_hidden(value))


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "written",
    [
        KEY,
        quote(KEY, safe=""),
        quote(KEY, safe="").lower().replace("%c3%a9", "%c3%a9"),
        quote(KEY),
        quote_plus(KEY),
        json.dumps({"k": KEY}),
        json.dumps({"k": KEY}, ensure_ascii=False),
        json.dumps({"text": json.dumps({"k": KEY})}),
        repr(ValueError(KEY)),
        b64(KEY),
        b64(f"user:{KEY}"),
        b64(f"a:{KEY}:z"),
        b64(f"ab:{KEY}:zz"),
        base64.urlsafe_b64encode(KEY.encode()).decode(),
        f"https://x.example/?key={quote(KEY, safe='')}&n=1",
    ],
)
def test_every_writing_of_a_secret_goes(written: str) -> None:
    cleaned = KNOWN.text(f"before {written} after")
    assert "[redacted CRM_KEY]" in cleaned
    assert KNOWN.text(cleaned) == cleaned
    assert cleaned.startswith("before ")
    assert cleaned.endswith(" after")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("sk-proj-Ab3dEf6hIj9kLm2nOp5q", "OpenAI key"),
        ("sk-ant-api03-Ab3dEf6hIj9kLm2nOp5q", "Anthropic key"),
        ("AKIAIOSFODNN7EXAMPLE", "AWS key"),
        ("ghp_" + "a1" * 18, "GitHub token"),
        ("github_pat_" + "a1" * 20, "GitHub token"),
        ("Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.e30", "bearer token"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nAb+/=\n-----END RSA PRIVATE KEY-----", "private key"),
        ("-----BEGIN PRIVATE KEY-----\\nMIIEow\\nAb+", "private key"),
    ],
)
def test_credentials_are_known_by_their_looks(text: str, kind: str) -> None:
    cleaned = Matcher().text(f'"{text}" is one')
    assert f'[redacted {kind}]" is one' in cleaned
    assert text[-6:] not in cleaned


@pytest.mark.parametrize(
    "text",
    [
        "the task-management-for-distributed-systems-2024 chapter",
        "sk-learn-pipelines-in-production",
        "a bearer of internationalization-standards",
        "Authorization: Bearer {secret:CRM_KEY}",
        "abc and [redacted CRM_KEY]",
    ],
)
def test_prose_stays_the_very_same_text(text: str) -> None:
    assert KNOWN.text(text) is text


def test_of_two_that_begin_alike_the_longer_one_is_named() -> None:
    assert KNOWN.text("a tok-12345678-more b tok-12345678 c") == "a [redacted LONGEST] b [redacted LONGER] c"


def test_two_that_overlap_go_as_one() -> None:
    both = Matcher([("ONE", "abcd-1234-wxyz"), ("TWO", "wxyz-5678-efgh")])
    assert both.text("(abcd-1234-wxyz-5678-efgh)") == "([redacted ONE])"


def test_a_known_key_goes_under_its_own_name_though_it_looks_like_one_of_a_vendor() -> None:
    key = "sk-ant-api03-Ab3dEf6hIj9kLm2nOp5q"
    assert Matcher([("ANTHROPIC_API_KEY", key)]).text(f"x {key} y") == "x [redacted ANTHROPIC_API_KEY] y"


def test_a_value_in_json_goes_wherever_it_stands() -> None:
    value: JsonValue = {"a": [1, KEY, {"tok-12345678": None}], "n": 4321432143214321, "ok": True}
    matcher = Matcher([("CRM_KEY", KEY), ("LONGER", "tok-12345678"), ("CARD", "4321432143214321")])
    cleaned = {"a": [1, "[redacted CRM_KEY]", {"[redacted LONGER]": None}], "n": "[redacted CARD]", "ok": True}
    assert matcher.json(value) == cleaned
    clean: JsonValue = {"a": [1, 2.5, None], "b": "text"}
    assert matcher.json(clean) is clean


def test_of_a_text_that_was_cut_off_the_beginning_of_a_secret_goes_too() -> None:
    assert KNOWN.cut("failed with tok-1234") == "failed with [redacted]"
    assert KNOWN.cut("failed with tok-") == "failed with tok-"
    assert KNOWN.cut("failed with tok-12345678") == "failed with [redacted LONGER]"


@pytest.mark.parametrize("word", ["hunter2", "password", "12345678", "redacted", "aaaa1111", "abababab1"])
def test_what_would_be_found_in_any_text_is_not_hidden(word: str) -> None:
    assert why_not_hidden(word)
    assert Matcher([("WORD", word)]).text(f"the {word} is here") == f"the {word} is here"


def test_a_mark_is_never_marked() -> None:
    odd = Matcher([("my-key-1", "my-key-1"), ("OTHER", "acted my-key-1]")])
    assert odd.text("[redacted my-key-1]") == "[redacted my-key-1]"


@given(letters, values, values, letters)
def test_no_secret_is_left_and_none_is_marked_twice(before: str, one: str, two: str, after: str) -> None:
    matcher = Matcher([("ONE", one), ("TWO", two)])
    for text in (before + one + two + after, before + one + after, before + one[:4] + two + one[4:] + after):
        cleaned = matcher.text(text)
        assert one not in cleaned
        assert two not in cleaned
        assert matcher.text(cleaned) == cleaned
