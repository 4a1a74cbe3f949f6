"""What a tool said, in a shape that can be stored and read back whatever the tool was, and however much it said."""

import hashlib
import json
from typing import Self

from pydantic import JsonValue

from agents.contracts.base import JsonObject

MOST_BYTES = 1024 * 1024
"""Of a longer output only the head is kept, with the size and the SHA-256 of the whole."""
_PIECE = 64 * 1024
_MOST_BYTES_OF_A_CHARACTER = 6
DEEPEST = 100  # levels; validators and databases give up between 200 and 1000
TOO_DEEP = "The output was nested too deeply to be shown."


class CutText(str):
    """The head of an output that was too large to keep: its text, or its JSON. It knows the whole's size and digest."""

    size_bytes: int
    sha256: str

    @classmethod
    def of(cls, head: str, *, size_bytes: int, sha256: str) -> Self:
        """A head with what is known of the whole."""
        cut = cls(head)
        cut.size_bytes, cut.sha256 = size_bytes, sha256
        return cut

    def to_wire(self) -> JsonObject:
        """What a child sends of it."""
        return {"head": str(self), "size_bytes": self.size_bytes, "sha256": self.sha256}


def cut_if_large(value: JsonValue) -> JsonValue:
    """The value as a JSON reader gives it, or its head when its text is longer than ``MOST_BYTES``.

    What lies too deep becomes text. Raises ValueError or TypeError for what is no JSON.
    """
    value = plain_output(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, allow_nan=False)
    if len(text) <= MOST_BYTES // _MOST_BYTES_OF_A_CHARACTER:
        return _as_read(value, text)
    digest, size, head = hashlib.sha256(), 0, b""
    for start in range(0, len(text), _PIECE):
        piece = text[start : start + _PIECE].encode("utf-8", "backslashreplace")
        digest.update(piece)
        size += len(piece)
        head += piece[: MOST_BYTES - len(head)]
    if size <= MOST_BYTES:
        return _as_read(value, text)
    return CutText.of(head.decode("utf-8", "ignore"), size_bytes=size, sha256=digest.hexdigest())


def _as_read(value: JsonValue, text: str) -> JsonValue:
    """Tuples as lists and names as text, which is what a recorded step gives back after a crash."""
    read: JsonValue = value if isinstance(value, str) else json.loads(text)
    return read


def plain_output(value: JsonValue) -> JsonValue:
    """The value, or its JSON as text when it is nested deeper than ``DEEPEST``."""
    if not deeper_than(value, DEEPEST):
        return value
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return TOO_DEEP


def deeper_than(value: JsonValue, levels: int) -> bool:
    """Whether lists and objects lie in each other more often than that."""
    layer: list[JsonValue] = [value]
    for _ in range(levels + 1):
        inner: list[JsonValue] = []
        for part in layer:
            if isinstance(part, dict):
                inner += part.values()
            elif isinstance(part, list | tuple):
                inner += part
        if not inner:
            return False
        layer = inner
    return True
