"""The answer's citations: what the tools let the LLM read, and which of it the answer names. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import JsonValue

from agents.engine.sources import walk

_CITATION = re.compile(r"\[([0-9]{1,4})\]")
EXCERPT_CHARACTERS = 240


@dataclass(frozen=True, slots=True)
class Source:
    """Something a tool returned under a handle, with the number it may be cited by."""

    number: int
    handle: str
    title: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the answer: plain text, or a citation with its number."""

    text: str
    number: int | None = None
    source: Source | None = None


def sources_of(outputs: Iterable[JsonValue]) -> dict[int, Source]:
    """Every numbered source in the tools' outputs, by number; the first appearance wins."""
    found: dict[int, Source] = {}
    for output in outputs:
        for part in walk(output):
            handle, number = part.get("source"), part.get("cite")
            if isinstance(handle, str) and isinstance(number, int):
                found.setdefault(number, _source(number, handle, part))
    return found


def numbers_in(answer: str) -> set[int]:
    """The numbers that an answer cites."""
    return {int(match[1]) for match in _CITATION.finditer(answer)}


def parts_of(answer: str, sources: dict[int, Source]) -> list[Part]:
    """The answer cut at its citations; a number without a source is kept, so that the page can say so."""
    parts: list[Part] = []
    position = 0
    for match in _CITATION.finditer(answer):
        parts.append(Part(answer[position : match.start()]))
        number = int(match[1])
        parts.append(Part(match[0], number, sources.get(number)))
        position = match.end()
    parts.append(Part(answer[position:]))
    return [part for part in parts if part.text]


def cited(parts: Iterable[Part]) -> list[Source]:
    """The sources that the answer names, by number, each once."""
    named = {part.source.number: part.source for part in parts if part.source}
    return [named[number] for number in sorted(named)]


def _source(number: int, handle: str, part: dict[str, JsonValue]) -> Source:
    title = next((str(part[name]) for name in ("title", "name", "heading", "file") if part.get(name)), handle)
    text = next((str(part[name]) for name in ("text", "excerpt", "snippet", "passage") if part.get(name)), "")
    return Source(number, handle, title, text if len(text) <= EXCERPT_CHARACTERS else f"{text[:EXCERPT_CHARACTERS]}…")
