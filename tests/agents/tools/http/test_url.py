"""Filling a URL: whatever the arguments are, its origin, its path and its parameters stay what was written."""

from urllib.parse import parse_qsl, unquote, urlsplit

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from agents.contracts.calls import ToolRefusal
from agents.tools.http.template import BadTemplate, pieces, written
from agents.tools.http.url import filled_url, url_template

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)
TEMPLATE = "https://api.example/v1/orders/{id}/items"


def sent(url: str) -> tuple[str, str]:
    """Host and target as the library sends them."""
    request = httpx2.Request("GET", url)
    return request.headers["host"], request.url.raw_path.decode("ascii")


@given(VALUES, VALUES)
def test_no_argument_changes_anything_but_its_own_place(path: JsonValue, query: JsonValue) -> None:
    try:
        url = filled_url(TEMPLATE, {"q": "{q}", "fixed": "a b"}, {"id": path, "q": query}, {})
    except ToolRefusal:
        assert path in (None, "", ".", "..") or isinstance(path, list | dict)
        return
    host, target = sent(url)
    parts = urlsplit(target)
    before, segment, after = parts.path.partition("/v1/orders/")[2].partition("/")
    assert (host, segment, after, parts.fragment) == ("api.example", "/", "items", "")
    replaced = written(path).encode("utf-8", "replace").decode()
    assert unquote(before) == replaced
    names = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
    count = len(query) if isinstance(query, list) else int(query is not None)
    assert names == ["q"] * count + ["fixed"]


@given(st.text(max_size=60))
def test_any_text_is_a_template_or_is_refused(text: str) -> None:
    try:
        found = pieces(text)
    except BadTemplate:
        assert "{" in text or "}" in text
        return
    marks = {"text": "{}", "argument": "{{{}}}", "secret": "{{secret:{}}}"}
    assert "".join(marks[piece.kind].format(piece.text) for piece in found) == text


@given(st.text(max_size=40))
def test_any_text_is_a_url_or_is_refused(text: str) -> None:
    for candidate in (text, f"https://{text}", f"https://api.example/{text}"):
        try:
            found = url_template(candidate)
        except BadTemplate:
            continue
        assert found.origin.startswith(("http://", "https://"))
        assert "{" not in found.origin


def test_a_url_is_taken_apart_once() -> None:
    found = url_template("https://api.example:8443/{a}?b={c}&d")
    assert (found.origin, found.arguments, found.query) == (
        "https://api.example:8443",
        {"a"},
        (("b", "{c}"), ("d", "")),
    )


@pytest.mark.parametrize("url", ["https://api.example?q={q}", "https://api.example/?q={q}"])
def test_a_url_without_a_path_has_the_root(url: str) -> None:
    assert filled_url(url, {}, {"q": "x"}, {}) == "https://api.example/?q=x"


def test_arguments_that_are_too_long_for_a_url_are_refused() -> None:
    with pytest.raises(ToolRefusal, match="too long"):
        filled_url(TEMPLATE, {}, {"id": "x" * 9_000}, {})
