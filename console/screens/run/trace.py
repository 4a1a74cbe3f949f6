"""Which part of a trace the page shows, and the ways from it to the other parts."""

from dataclasses import dataclass
from typing import Self

from django.http import QueryDict
from django.utils.http import urlencode

from console.live.found import MOST_FOUND, SHOWN, Sought
from console.live.numbering import birth_of
from console.live.window import (
    Head,
    TraceRead,
    found_rows,
    newest_window,
    window_after,
    window_around,
    window_before,
)

LONGEST_TEXT = 200
EVERYTHING = Sought()


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for: a step, a place in the trace, rows of one kind or with a text in them."""

    step: str = ""
    before: int | None = None
    after: int | None = None
    sought: Sought = EVERYTHING

    @classmethod
    def of(cls, given: QueryDict) -> Self:
        """Read the address; what cannot be read is not asked for."""
        show, text = given.get("show", ""), given.get("q", "").replace("\x00", "").strip()[:LONGEST_TEXT]
        return cls(
            step=given.get("step", ""),
            before=_number(given.get("before", "")),
            after=_number(given.get("after", "")),
            sought=Sought(show if show in SHOWN else "", text),
        )

    def address(self, **place: int) -> str:
        """The query of the same rows at another place."""
        named: dict[str, str | int] = {"show": self.sought.show, "q": self.sought.text, **place}
        return f"?{urlencode({name: value for name, value in named.items() if value != ''})}"


@dataclass(frozen=True, slots=True)
class TracePart:
    """What is shown of a trace; an address is "" where there is nothing more."""

    read: TraceRead
    asked: Asked
    birth: int
    earlier: str
    later: str
    newest: str
    all_filters: list[tuple[str, str, str]]
    at_end: bool


def read_part(head: Head, asked: Asked, *, ended: bool) -> TracePart:
    """The end of the trace unless the address says otherwise: what happened last is what people come for."""
    birth = birth_of(head.run_id, asked.step) if asked.step else 0
    read = _read(head, asked, birth)
    more = read.older >= MOST_FOUND if asked.sought else read.after > 0
    first = read.spans[0].seq if asked.sought and read.spans else read.after + 1
    return TracePart(
        read=read,
        asked=asked,
        birth=birth,
        earlier=asked.address(before=first) if more else "",
        later="" if read.newest or asked.sought else asked.address(after=read.upto),
        newest=asked.address() if asked.sought else "?",
        all_filters=_filters(asked),
        at_end=read.newest and read.after > 0 and not (ended or asked.step or asked.sought),
    )


def _read(head: Head, asked: Asked, birth: int) -> TraceRead:
    if asked.sought:
        return found_rows(head, asked.sought, before=asked.before)
    if asked.before is not None:
        return window_before(head, asked.before)
    if asked.after is not None:
        return window_after(head, asked.after)
    return window_around(head, birth) if birth else newest_window(head)


def _filters(asked: Asked) -> list[tuple[str, str, str]]:
    """Kind, word and address of each filter; a text that is searched for stays."""
    words = {"": "All", "errors": "Errors", "llm": "LLM", "tool": "Tools", "critic": "Critic"}
    return [(show, word, Asked(sought=Sought(show, asked.sought.text)).address()) for show, word in words.items()]


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
