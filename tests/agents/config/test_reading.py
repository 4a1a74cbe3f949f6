"""A file is read as text with places; what YAML can and settings do not need is refused where it begins."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.config.document import parse
from agents.config.faults import Refused
from agents.config.reading import MAX_BYTES, Text, read

LAUGHS = "a: &a [x, x, x]\nb: &b [*a, *a, *a]\nc: [*b, *b, *b]\n"
WRONG = {
    "nothing": ("", "1:1: There is nothing in this file."),
    "only a comment": ("# nothing\n", "1:1: There is nothing in this file."),
    "only a word": ("tiers", "1:1: Sections such as tiers: are expected here."),
    "a list": ("- tiers", "1:1: Sections such as tiers: are expected here."),
    "a tab": ("tiers:\n\tacme: {}\n", "2:1: A tab: indent with spaces."),
    "an open bracket": ("tiers: [1,\n", "2:1: Expected the node content"),
    "an open quote": ("tiers:\n  acme: 'x\n", "while scanning a quoted scalar from line 2 on."),
    "a second colon": ("a: b: c", "1:5: Mapping values are not allowed here."),
    "a reserved sign": ("a: @x", "1:4: Found character '@' that cannot start any token."),
    "a wrong indent": ("a:\n  - b\n - c", "3:2: Expected <block end>"),
    "an unknown escape": ('a: "\\q"', "1:6: Found unknown escape character"),
    "an escape beyond Unicode": ('a: "\\UFFFFFFFF"', "1:1: An escape stands for no character."),
    "another YAML": ("%YAML 3.0\n---\na: 1", "1:1: Found incompatible YAML document"),
    "two documents": ("a: b\n---\nc: d", "2:1: A second document begins"),
    "a key twice": ("a:\n  b: 1\n  b: 2", "3:3: a.b: The key stands here a second time, first on line 2."),
    "a key twice on a line": ("{a: 1, a: 2}", "1:8: a: The key stands here a second time, first on line 1."),
    "a list as key": ("? [a]\n: b", "1:3: A key must be one word or text."),
    "a bomb of anchors": (LAUGHS, "1:4: a: An anchor (&) is not allowed"),
    "an alias": ("a: *b", "1:4: a: An alias (*) is not followed"),
    "a tag": ("a: !!python/object:os.system ls", "1:4: a: A tag (!) is not allowed."),
    "deep brackets": ("[" * 50_000, "1:42: 0.0.0: This is nested more than 40 levels deep."),
    "a NUL": ("a: \x00", "1:4: The character U+0000 cannot stand here."),
    "an escaped NUL": ('a: "\\0"', "1:4: a: NUL and halves of surrogate pairs cannot be stored."),
    "a bell in a key": ('"a\\a": &x 1', "1:8: a : An anchor"),
    "half a pair": ('a: "\\ud800"', "1:4: a: NUL and halves of surrogate pairs cannot be stored."),
}


def lines(content: bytes) -> list[str]:
    """The faults that reading finds."""
    with pytest.raises(Refused) as refused:
        read(content)
    return [fault.in_file("config.yaml") for fault in refused.value.faults]


@pytest.mark.parametrize(("text", "said"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_form_is_one_line_with_its_place(text: str, said: str) -> None:
    (line,) = lines(text.encode())
    assert line.startswith("config.yaml:")
    assert said in line
    assert "\n" not in line


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: b\nc: \xff", "config.yaml:2:4: This is not UTF-8 text."),
        (b"\xff\xfea\x00:\x00", "config.yaml:1:1: This is not UTF-8 text."),
        (b"#" * (MAX_BYTES + 1), "config.yaml:1:1: This file is larger than 1 MB."),
    ],
)
def test_what_is_no_text_or_too_much_is_refused(content: bytes, said: str) -> None:
    assert lines(content) == [said]


def test_scalars_stay_as_they_were_written() -> None:
    source = read(b"\xef\xbb\xbfa: 0.10\nb: '0.10'\nc: yes\nd: 1e400\n")
    assert source.tree == {"a": "0.10", "b": "0.10", "c": "yes", "d": "1e400"}
    plain = [value.plain for value in source.tree.values() if isinstance(value, Text)]
    assert plain == [True, False, True, True]


def test_keys_and_values_have_places() -> None:
    source = read(b"a:\n  b:\n    - x\n    - y: z\n")
    assert (source.keys["a", "b"].line, source.keys["a", "b"].column) == (2, 3)
    assert (source.values["a", "b", 1, "y"].line, source.values["a", "b", 1, "y"].column) == (4, 10)
    assert source.fault(("a", "b", 7, "gone"), "x").place == source.keys["a", "b"]


@settings(deadline=None)
@given(
    st.one_of(st.binary(max_size=200), st.text(alphabet=st.sampled_from("ab:-[]{}'\"\\|>&*!%#\n \t0U"), max_size=80))
)
def test_whatever_is_in_a_file_it_is_read_or_refused_on_lines(content: bytes | str) -> None:
    raw = content.encode() if isinstance(content, str) else content
    found = faults_of(raw)
    assert found is None or found
    assert not any("\n" in line for line in found or ())


def faults_of(content: bytes) -> list[str] | None:
    """What is wrong with a file, None for nothing."""
    try:
        parse(content)
    except Refused as refused:
        return [fault.in_file("f") for fault in refused.faults]
    return None
