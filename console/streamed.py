"""Answers that are made while they are sent: their parts one after the other, and several files as one zip."""

import zipfile
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import datetime

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest

from console.live.threads import in_thread

File = tuple[str, Iterable[str]]
"""A name and the parts of a text."""
PART_BYTES = 64 * 1024
_OLDEST = (1980, 1, 1, 0, 0, 0)


def streamed(request: HttpRequest, parts: Iterator[bytes]) -> Iterator[bytes] | AsyncIterator[bytes]:
    """The parts as the server behind this request wants them: Django would read a plain iterator whole under ASGI."""
    return _in_threads(parts) if isinstance(request, ASGIRequest) else parts


def zipped(files: Iterable[File], *, at: datetime) -> Iterator[bytes]:
    """The files as one zip, compressed as they come and all dated ``at``: the same rows make the same bytes."""
    sink = _Sink()
    dated = max(at.timetuple()[:6], _OLDEST)
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, parts in files:
            info = zipfile.ZipInfo(name, dated)
            info.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=True) as entry:
                for part in parts:
                    entry.write(part.encode())
                    if sink.size >= PART_BYTES:
                        yield sink.take()
    yield sink.take()


class _Sink:
    """Takes what the archive writes until it is fetched; it cannot seek, so that the archive never goes back."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.size = 0

    def write(self, part: bytes, /) -> int:
        self._parts.append(bytes(part))
        self.size += len(part)
        return len(part)

    def flush(self) -> None:
        """Nothing waits here but what is fetched."""

    def close(self) -> None:
        """The archive never calls it: it did not open this."""

    def take(self) -> bytes:
        whole, self._parts, self.size = b"".join(self._parts), [], 0
        return whole


async def _in_threads(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Each part is made in a thread of the pool; the event loop only passes it on."""
    while part := await in_thread(next, parts, b""):
        yield part
