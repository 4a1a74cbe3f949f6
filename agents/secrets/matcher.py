"""Finds known secrets and unmistakable credentials in texts, and puts ``[redacted NAME]`` in their place."""

from collections.abc import Iterable

from pydantic import JsonValue

from agents.secrets.formats import found_in, looks_like_one
from agents.secrets.writings import SHORTEST_OF_ONE_KIND, why_not_hidden, writings_of

Span = tuple[int, int, str]
SMALLEST_NUMBER = 10 ** (SHORTEST_OF_ONE_KIND - 1)
TOO_DEEP = "[redacted: a secret lies too deep in this to be taken out alone]"
LEAST_BEGUN = 6
"""Characters of a secret at the end of a text that was cut off, from which on they are taken for its beginning."""


class Matcher:
    """All secrets of a moment; it never changes, so threads share it."""

    def __init__(self, known: Iterable[tuple[str, str]] = ()) -> None:
        known = [(name, value) for name, value in known if not why_not_hidden(value)]
        marks = [mark(name) for name, _ in known]
        self._ways: dict[str, str] = {}
        for name, value in known:
            for way in writings_of(value):
                if not any(way in each for each in marks):  # else a mark would be replaced again and again
                    self._ways.setdefault(way, name)
        self._written = tuple(sorted(self._ways, key=len, reverse=True))
        self._numbers = {value: name for name, value in known if value.isdigit()}
        self.longest = max(map(len, self._written), default=0)

    def finds(self, text: str) -> bool:
        """Whether anything in the text must go: what nearly every text is asked, and nearly none answers yes."""
        for way in self._written:  # a loop of `in` runs in C; one pattern of hundreds of words does not
            if way in text:
                return True
        return looks_like_one(text)

    def text(self, text: str) -> str:
        """The text without its secrets; the very same object when it has none."""
        return replaced(text, self.spans(text)) if self.finds(text) else text

    def cut(self, text: str) -> str:
        """Like ``text``, for one that was cut off: the beginning of a secret at its end goes too."""
        text = self.text(text)
        most = max((begun_length(text, way) for way in self._written), default=0)
        return f"{text[:-most]}[redacted]" if most else text

    def json(self, value: JsonValue) -> JsonValue:
        """The value without secrets, names of fields included; the very same object when it has none."""
        if not self.holds(value):
            return value
        try:
            return self._clean(value)
        except RecursionError:
            return TOO_DEEP

    def holds(self, *values: JsonValue) -> bool:
        """Whether anything in these values must go."""
        texts: list[str] = []
        waiting = list(values)
        while waiting:
            part = waiting.pop()
            if isinstance(part, str):
                texts.append(part)
            elif isinstance(part, dict):
                texts.extend(part)
                waiting.extend(part.values())
            elif isinstance(part, list | tuple):
                waiting.extend(part)
            elif self._number(part) is not None:
                return True
        return self.finds("\0".join(texts))

    def spans(self, text: str) -> list[Span]:
        """What must go, from left to right, with overlapping ones joined: start, end and name."""
        spans = [(start, end, name) for way, name in self._ways.items() for start, end in places(text, way)]
        return joined(spans, found_in(text))

    def _number(self, value: JsonValue) -> str | None:
        if type(value) is not int or abs(value) < SMALLEST_NUMBER:
            return None
        return self._numbers.get(str(abs(value)))

    def _clean(self, value: JsonValue) -> JsonValue:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(name): self._clean(child) for name, child in value.items()}
        if isinstance(value, list | tuple):
            return [self._clean(child) for child in value]
        name = self._number(value)
        return value if name is None else mark(name)


def mark(name: str) -> str:
    """What stands in a secret's place."""
    return f"[redacted {name}]"


def places(text: str, way: str) -> Iterable[tuple[int, int]]:
    """Every place where a writing stands, also those that overlap."""
    start = text.find(way)
    while start >= 0:
        yield start, start + len(way)
        start = text.find(way, start + 1)


def joined(known: list[Span], alike: list[Span]) -> list[Span]:
    """Spans that overlap as one; it is named for the first known secret in it, else for the first of all."""
    spans: list[Span] = []
    named_at = -1
    for start, end, rank, name in sorted(
        (start, end, rank, name) for rank, group in enumerate((known, alike)) for start, end, name in group
    ):
        if not spans or start >= spans[-1][1]:
            spans.append((start, end, name))
            named_at = rank
            continue
        first, last, before = spans[-1]
        better = rank < named_at or (rank == named_at and start == first and end > last)
        named_at = min(named_at, rank)
        spans[-1] = (first, max(last, end), name if better else before)
    return spans


def replaced(text: str, spans: list[Span]) -> str:
    """The text with a mark in the place of each span."""
    parts, at = [], 0
    for start, end, name in spans:
        parts += [text[at:start], mark(name)]
        at = end
    return "".join([*parts, text[at:]])


def begun_length(text: str, way: str) -> int:
    """How many characters at the text's end are the beginning of a writing; 0 for too few to tell."""
    for length in range(min(len(way) - 1, len(text)), LEAST_BEGUN - 1, -1):
        if text.endswith(way[:length]):
            return length
    return 0
