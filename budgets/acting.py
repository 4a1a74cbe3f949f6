"""From where an act comes: the page or the command that is being carried out."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

LONGEST = 120
_place: ContextVar[str] = ContextVar("place", default="")


@contextmanager
def acting_from(place: str) -> Iterator[None]:
    """Name the page or the command (``page runs:kill``, ``command kill``) from which all inside is done."""
    token = _place.set(place[:LONGEST])
    try:
        yield
    finally:
        _place.reset(token)


def present_place() -> str:
    """Where this is being done; "" where nobody has said."""
    return _place.get()
