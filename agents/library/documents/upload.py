"""What may be attached to a run: checked as the file arrives, so that the operator learns it at the form."""

import csv
import subprocess
import sys
from collections import deque
from pathlib import Path, PurePath

from agents.library.documents.extraction import MAX_BYTES, Unreadable, decode
from agents.library.documents.tables import table_rows

MEDIA_TYPES = {
    ".txt": "text/plain",
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".pdf": "application/pdf",
    ".csv": "text/csv",
}
SIGNATURES = (
    (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", "a ZIP archive or an Office document"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"{\\rtf", "an RTF document"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
)
ROOT = Path(__file__).resolve().parents[3]
PDF_CHECK = (sys.executable, "-m", "agents.library.documents.pdf_check")
PDF_CHECK_SECONDS = 20.0


class UploadRefused(ValueError):
    """A file that cannot be attached; the message is one sentence for the form."""


def check_upload(name: str, content: bytes) -> str:
    """The media type of a file that may be attached. Raises UploadRefused with a sentence for the form."""
    ending = PurePath(name).suffix.lower()
    media_type = MEDIA_TYPES.get(ending)
    if media_type is None:
        raise UploadRefused(f"{name} is not accepted: attach {', '.join(MEDIA_TYPES)} files.")
    if not content.strip():
        raise UploadRefused(f"{name} is empty.")
    if len(content) > MAX_BYTES:
        raise UploadRefused(f"{name} has {len(content) / 1024 / 1024:.1f} MB; at most {MAX_BYTES // 1024 // 1024} MB.")
    if media_type == "application/pdf":
        _check_pdf(name, content)
    else:
        _check_text(name, content, media_type)
    return media_type


def _check_text(name: str, content: bytes, media_type: str) -> None:
    for signature, kind in SIGNATURES:
        if content.startswith(signature) and (signature != b"MZ" or b"\x00" in content[:4_096]):
            raise UploadRefused(f"{name} is {kind}, whatever its name says.")
    try:
        text = decode(content)
        if media_type == "text/csv":
            deque(table_rows(text), maxlen=0)  # reads every row
    except Unreadable as error:
        raise UploadRefused(f"{name} cannot be read: {error}.") from error
    except csv.Error as error:
        raise UploadRefused(f"{name} is not a readable table: {error}.") from error


def _check_pdf(name: str, content: bytes) -> None:
    """Open the PDF in a process of its own: a hostile one can hang or eat memory, and must not do it here."""
    if b"%PDF-" not in content[:1_024]:
        raise UploadRefused(f"{name} is not a PDF, whatever its name says.")
    try:
        done = subprocess.run(
            PDF_CHECK, input=content, capture_output=True, timeout=PDF_CHECK_SECONDS, check=False, cwd=ROOT
        )
    except subprocess.TimeoutExpired as error:
        raise UploadRefused(f"{name} took too long to open; it may be damaged.") from error
    if done.returncode == 0:
        return
    reason = done.stdout.decode("utf-8", "replace").strip() or "the PDF is broken: its structure cannot be read"
    raise UploadRefused(f"{name} cannot be read: {reason}.")
