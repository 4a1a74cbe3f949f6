"""What may be attached, and the sentence at the form for what may not."""

import pytest

from agents.library.documents import upload
from agents.library.documents.extraction import MAX_BYTES
from agents.library.documents.upload import UploadRefused, check_upload
from tests.agents.library.pdf_files import encrypted, pdf


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("a.txt", b"text", "text/plain"),
        ("A.MD", b"# Title", "text/markdown"),
        ("a.markdown", b"# Title", "text/markdown"),
        ("a.csv", b"a,b\n1,2\n", "text/csv"),
        ("report.pdf", pdf("Hello."), "application/pdf"),
    ],
)
def test_accepted_files_get_their_media_type(name: str, content: bytes, media_type: str) -> None:
    assert check_upload(name, content) == media_type


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("run.exe", b"MZ", "run.exe is not accepted: attach .txt"),
        ("noending", b"text", "not accepted"),
        ("a.txt", b"", "a.txt is empty"),
        ("a.txt", b"x" * (MAX_BYTES + 1), "at most 20 MB"),
        ("a.txt", b"%PDF-1.7 ...", "a.txt is a PDF"),
        ("a.csv", b"PK\x03\x04rest", "ZIP archive"),
        ("a.md", b"\x89PNG\r\n", "PNG picture"),
        ("a.txt", b"caf\xe9", "not UTF-8"),
        ("a.txt", b"a\x00b", "not text"),
        ("a.csv", b"a,b\n" + b"x" * 200_000, "not a readable table"),
        ("a.pdf", b"hello", "not a PDF"),
        ("a.pdf", b"%PDF-1.4 rubbish", "broken"),
        ("a.pdf", encrypted(pdf("Hidden.")), "encrypted"),
    ],
)
def test_refused_files_say_why(name: str, content: bytes, sentence: str) -> None:
    with pytest.raises(UploadRefused, match=sentence):
        check_upload(name, content)


def test_a_pdf_that_takes_too_long_to_open_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "PDF_CHECK_SECONDS", 0.001)
    with pytest.raises(UploadRefused, match="took too long to open"):
        check_upload("a.pdf", pdf("Hello."))
