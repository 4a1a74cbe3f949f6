"""Text out of attached files, bounded in time, pages and characters. Pure: bytes in, passages out."""

import io
import re
import time
from dataclasses import dataclass

import pypdf
from pypdf.errors import DependencyError, PyPdfError

from agents.library.passages import Passage

MAX_BYTES = 20 * 1024 * 1024
MAX_PAGES = 2_000
MAX_CHARACTERS = 24_000_000
MAX_SECONDS = 15.0
PASSAGE_CHARACTERS = 900

CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")


class Unreadable(ValueError):
    """A file whose text cannot be had; the message is one sentence for people."""


@dataclass(frozen=True)
class Part:
    """A page of a PDF, or a whole text file; ``number`` counts from 1."""

    number: int
    text: str


@dataclass(frozen=True)
class Extract:
    """The text of a file. ``cut`` says why it is not all of it; empty when it is."""

    kind: str  # "pages" or "lines"
    parts: tuple[Part, ...]
    cut: str = ""

    @property
    def characters(self) -> int:
        return sum(len(part.text) for part in self.parts)


def extract(content: bytes, media_type: str, *, max_seconds: float = MAX_SECONDS) -> Extract:
    """The text of a file of one of the accepted types. Raises Unreadable with a sentence for people."""
    if len(content) > MAX_BYTES:
        raise Unreadable(f"the file has {len(content)} bytes; at most {MAX_BYTES} are read")
    if not content.strip():
        raise Unreadable("the file is empty")
    if media_type == "application/pdf":
        return _extract_pdf(content, deadline=time.monotonic() + max_seconds)
    text = decode(content)
    cut = f"only the first {MAX_CHARACTERS} characters were read" if len(text) > MAX_CHARACTERS else ""
    return Extract("lines", (Part(1, text[:MAX_CHARACTERS]),), cut)


def decode(content: bytes) -> str:
    """The text of UTF-8 or marked UTF-16 bytes, with plain line ends. Raises Unreadable for anything else."""
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        where = f"byte {error.start + 1} is 0x{content[error.start]:02X}"
        raise Unreadable(
            f"the file is not {encoding[:6].upper().rstrip('-')} text ({where}); save it as UTF-8"
        ) from error
    if found := CONTROL.search(text):
        raise Unreadable(
            f"the file is not text: character {found.start() + 1} is the control code {ord(found.group())}"
        )
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")


def open_pdf(content: bytes) -> pypdf.PdfReader:
    """A reader of the PDF. Raises Unreadable when it is broken, encrypted or has no pages."""
    try:
        reader = pypdf.PdfReader(io.BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable("the PDF is encrypted; save it without a password")
        count = len(reader.pages)
    except Unreadable:
        raise
    except DependencyError as error:
        raise Unreadable("the PDF is encrypted in a way that cannot be read") from error
    except (
        PyPdfError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        RecursionError,
        OSError,
    ) as error:
        raise Unreadable("the PDF is broken: its structure cannot be read") from error
    if not count:
        raise Unreadable("the PDF has no pages")
    return reader


def _extract_pdf(content: bytes, *, deadline: float) -> Extract:
    reader = open_pdf(content)
    parts: list[Part] = []
    characters, cut, broken = 0, "", 0
    for number in range(1, len(reader.pages) + 1):
        cut = _stop(number, characters, deadline)
        if cut:
            break
        text = _page_text(reader, number)
        broken += text is None
        parts.append(Part(number, text or ""))
        characters += len(text or "")
    if not characters:
        raise Unreadable(cut or "the PDF holds no text; it may consist of scanned pictures")
    if broken and not cut:
        cut = f"{broken} of {len(parts)} pages could not be read"
    return Extract("pages", tuple(parts), cut)


def _stop(number: int, characters: int, deadline: float) -> str:
    if number > MAX_PAGES:
        return f"only the first {MAX_PAGES} pages were read"
    if characters > MAX_CHARACTERS:
        return f"only the first {number - 1} pages were read: they hold {characters} characters"
    if time.monotonic() > deadline:
        return f"only the first {number - 1} pages were read in the time allowed"
    return ""


def _page_text(reader: pypdf.PdfReader, number: int) -> str | None:
    """The text of a page, None when the page is broken: one bad page must not cost the others."""
    try:
        text = reader.pages[number - 1].extract_text()
    except Exception:  # pypdf raises nearly anything on a malformed page
        return None
    return CONTROL.sub(" ", text[:MAX_CHARACTERS]).encode("utf-8", "replace").decode("utf-8")


def passages(name: str, extract: Extract) -> tuple[Passage, ...]:
    """The text cut into passages with handles such as ``report.pdf#p3-2`` and ``notes.md#l10-24``."""
    if extract.kind == "lines":
        return _line_passages(name, extract.parts[0].text)
    return tuple(
        Passage(f"{name}#p{part.number}-{index}", f"{name}, page {part.number}", text)
        for part in extract.parts
        for index, text in enumerate(_blocks(part.text), start=1)
    )


def _line_passages(name: str, text: str) -> tuple[Passage, ...]:
    found: list[Passage] = []
    start, held, size = 1, list[str](), 0
    for number, line in enumerate([*text.split("\n"), None], start=1):
        full = size + len(line or "") > PASSAGE_CHARACTERS or (line is not None and line.startswith("#"))
        if line is None or (full and held):
            if "".join(held).strip():
                source, title = f"{name}#l{start}-{number - 1}", f"{name}, lines {start} to {number - 1}"
                found.append(Passage(source, title, "\n".join(held).strip()))
            start, held, size = number, [], 0
        if line is not None:
            held.append(line)
            size += len(line)
    return tuple(found)


def _blocks(text: str) -> list[str]:
    """A page in stretches of whole lines."""
    blocks, held, size = list[str](), list[str](), 0
    for line in text.split("\n"):
        if held and size + len(line) > PASSAGE_CHARACTERS:
            blocks.append("\n".join(held).strip())
            held, size = [], 0
        held.append(line)
        size += len(line)
    blocks.append("\n".join(held).strip())
    return [block for block in blocks if block]
