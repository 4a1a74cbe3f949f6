"""An answer as bytes: never more than was allowed, however it was sent or packed."""

import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx2

MOST_BYTES = 10_000_000
"""Of any answer, whatever a tool says: it is held in memory and read on the loop."""
MOST_HEADERS = 200
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
_PACKED = frozenset({"gzip", "x-gzip", "deflate"})


class Unusable(Exception):
    """The answer cannot be used; the message says why in one clause."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    content_type: str  # without its parameters
    charset: str
    body: bytes
    location: str
    retry_after: str

    @property
    def is_json(self) -> bool:
        """Whether it says of itself that it is JSON."""
        return self.content_type in ("application/json", "text/json") or self.content_type.endswith("+json")

    @property
    def is_html(self) -> bool:
        """Whether a web server rather than the endpoint seems to speak."""
        return "html" in self.content_type or self.body[:200].lstrip().lower().startswith((b"<!doctype html", b"<html"))


async def read(response: httpx2.Response, most_bytes: int) -> Answer:
    """The whole answer. Raises Unusable when it is larger, or packed in a way that was not asked for."""
    most = min(most_bytes, MOST_BYTES)
    if len(response.headers.raw) > MOST_HEADERS:
        raise Unusable(f"the answer has more than {MOST_HEADERS} headers")
    declared = response.headers.get("content-length", "")
    if declared.isdigit() and int(declared[:20]) > most:
        raise _too_large(most)
    kind, _, parameters = response.headers.get("content-type", "").partition(";")
    return Answer(
        status=response.status_code,
        content_type=kind.strip().lower(),
        charset=parameters.lower().partition("charset=")[2].strip(' "').partition(";")[0] or "utf-8",
        body=await _body(response.aiter_raw(), response.headers.get("content-encoding", ""), most),
        location=response.headers.get("location", ""),
        retry_after=response.headers.get("retry-after", ""),
    )


async def _body(chunks: AsyncIterator[bytes], encoding: str, most: int) -> bytes:
    unpack = _unpacker(encoding.strip().lower())
    body = bytearray()
    async for chunk in chunks:
        try:
            body += unpack.decompress(chunk, most + 1 - len(body)) if unpack else chunk
        except zlib.error as error:
            raise Unusable("the packed answer cannot be unpacked") from error
        if len(body) > most:
            raise _too_large(most)
        if unpack and unpack.eof:
            break
    if unpack and body and not unpack.eof:
        raise Unusable("the packed answer ends too early")
    return bytes(body)


def _unpacker(encoding: str) -> "zlib._Decompress | None":
    if encoding in ("", "identity"):
        return None
    if encoding not in _PACKED:
        raise Unusable("the answer is packed in a way that was not asked for")
    return zlib.decompressobj(_GZIP_OR_ZLIB)


def _too_large(most: int) -> Unusable:
    return Unusable(f"the answer is larger than {most:,} bytes")
