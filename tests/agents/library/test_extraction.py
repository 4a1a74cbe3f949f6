"""Text out of files, and a clear sentence where there is none."""

import pytest

from agents.library.documents import extraction
from agents.library.documents.extraction import MAX_BYTES, Unreadable, extract, passages
from tests.agents.library.pdf_files import encrypted, pdf


def test_a_pdf_gives_its_pages() -> None:
    found = extract(pdf("The first page.", "The second page."), "application/pdf")
    assert [(part.number, part.text.strip()) for part in found.parts] == [
        (1, "The first page."),
        (2, "The second page."),
    ]


def test_passages_of_a_pdf_name_page_and_number() -> None:
    found = passages("report.pdf", extract(pdf("One.", "Two."), "application/pdf"))
    assert [passage.source for passage in found] == ["report.pdf#p1-1", "report.pdf#p2-1"]


def test_passages_of_text_name_their_lines_and_begin_at_headings() -> None:
    text = "# One\nalpha\n\n# Two\nbeta\n"
    found = passages("notes.md", extract(text.encode(), "text/markdown"))
    assert [(each.source, each.text) for each in found] == [
        ("notes.md#l1-3", "# One\nalpha"),
        ("notes.md#l4-6", "# Two\nbeta"),
    ]


def test_long_text_is_cut_into_passages_without_losing_a_line() -> None:
    lines = [f"line {number} of a long file" for number in range(1, 501)]
    found = passages("long.txt", extract("\n".join(lines).encode(), "text/plain"))
    assert "\n".join(passage.text for passage in found).split("\n") == lines
    assert max(len(passage.text) for passage in found) < 1_000


def test_time_that_runs_out_before_the_first_page_is_named() -> None:
    with pytest.raises(Unreadable, match="only the first 0 pages were read in the time allowed"):
        extract(pdf("One.", "Two."), "application/pdf", max_seconds=-1)


def test_pages_beyond_the_limit_are_left_out_and_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extraction, "MAX_PAGES", 2)
    found = extract(pdf("One.", "Two.", "Three."), "application/pdf")
    assert (len(found.parts), found.cut) == (2, "only the first 2 pages were read")


@pytest.mark.parametrize("text", ["plain", "h\u00e9llo \u2013 w\u00f6rld"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_encodings_are_read(text: str, encoding: str) -> None:
    assert extract(text.encode(encoding), "text/plain").parts[0].text == text


@pytest.mark.parametrize(
    ("content", "media_type", "sentence"),
    [
        (b"", "text/plain", "the file is empty"),
        (b" \n\t ", "text/csv", "the file is empty"),
        (b"caf\xe9 au lait", "text/plain", "not UTF-8 text"),
        (b"\xff\xfea", "text/plain", "not UTF-16 text"),
        (b"abc\x00def", "text/plain", "control code 0"),
        (b"x" * (MAX_BYTES + 1), "text/plain", "at most"),
        (b"%PDF-1.4\nrubbish", "application/pdf", "the PDF is broken"),
        (b"no pdf at all", "application/pdf", "the PDF is broken"),
        (pdf("Half of a file.")[:200], "application/pdf", "the PDF is broken"),
        (encrypted(pdf("Hidden.")), "application/pdf", "encrypted"),
        (pdf(), "application/pdf", "no pages"),
        (pdf(""), "application/pdf", "no text"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(content: bytes, media_type: str, sentence: str) -> None:
    with pytest.raises(Unreadable, match=sentence):
        extract(content, media_type)
