"""The files of a run as its tools see them: named, read once a process, indexed once a process."""

from functools import lru_cache

from agents.contracts.calls import AttachmentRef, Call, ToolRefusal
from agents.library.documents.extraction import Extract, Unreadable, decode, extract, passages
from agents.library.passages import PassageIndex
from agents.models import Blob

NOTHING_ATTACHED = "no file is attached to this run; ask the operator to attach one (text, Markdown, PDF or CSV)"


def named_files(call: Call) -> dict[str, AttachmentRef]:
    """The run's files under names that differ. Raises ToolRefusal when there are none."""
    files: dict[str, AttachmentRef] = {}
    for ref in call.attachments:
        name, count = ref.name, 1
        while name in files:
            count += 1
            name = f"{ref.name} ({count})"
        files[name] = ref
    if not files:
        raise ToolRefusal(NOTHING_ATTACHED)
    return files


def find_file(call: Call, wanted: str) -> tuple[str, AttachmentRef]:
    """The file of that name, in any case. Raises ToolRefusal with the names there are."""
    files = named_files(call)
    for name, ref in files.items():
        if name.casefold() == wanted.strip().casefold():
            return name, ref
    raise ToolRefusal(f"no attached file is called {wanted!r}; there are: {', '.join(files)}")


def read_file(name: str, ref: AttachmentRef) -> Extract:
    """The text of a file. Raises ToolRefusal with the reason when it cannot be read."""
    try:
        return _extract(ref.sha256, ref.media_type)
    except Unreadable as error:
        raise ToolRefusal(f"{name} cannot be read: {error}") from error


def index_file(name: str, ref: AttachmentRef) -> PassageIndex:
    """The full-text index of a file. Raises ToolRefusal when the file cannot be read."""
    read_file(name, ref)
    return _index(name, ref.sha256, ref.media_type)


def read_text(name: str, ref: AttachmentRef) -> str:
    """The decoded text of a text file. Raises ToolRefusal when it is none."""
    try:
        return decode(content_of(ref.sha256))
    except Unreadable as error:
        raise ToolRefusal(f"{name} cannot be read: {error}") from error


def content_of(sha256: str) -> bytes:
    """The bytes of a blob. Raises Blob.DoesNotExist when it was never kept."""
    return bytes(Blob.objects.get(sha256=sha256).content)


@lru_cache(maxsize=8)
def _extract(sha256: str, media_type: str) -> Extract:
    return extract(content_of(sha256), media_type)


@lru_cache(maxsize=8)
def _index(name: str, sha256: str, media_type: str) -> PassageIndex:
    return PassageIndex(passages(name, _extract(sha256, media_type)), titles=False)
