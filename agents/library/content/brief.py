"""What a writing task asks for, found by its words."""

import re
from dataclasses import dataclass

from agents.library.content.guidelines import Kind

KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("email", re.compile(r"\b(?:e-?mail|newsletter|mailing)\b", re.I)),
    ("post", re.compile(r"\b(?:post|tweet|social|caption)\b", re.I)),
    ("product", re.compile(r"\b(?:product (?:text|page|description|copy)|description|listing)\b", re.I)),
)
RANGE = re.compile(r"(\d{1,4})\s*(?:-|\u2013|to|and)\s*(\d{1,4})\s*words", re.I)
AT_MOST = re.compile(
    r"(?:at most|no more than|under|below|up to|max(?:imum)?(?: of)?|within)\s*(\d{1,4})\s*words", re.I
)
AT_LEAST = re.compile(r"(?:at least|no less than|over|min(?:imum)?(?: of)?)\s*(\d{1,4})\s*words", re.I)
ABOUT = re.compile(r"(\d{1,4})[\s-]*words?", re.I)
QUOTED = re.compile(r"[\"“]([^\"”\n]{2,100})[\"”]")
SUBJECT = re.compile(
    r"\b(?:for|about|of|on|announcing|announce|introducing|launch of|promoting)\s+"
    r"(?:our|the|a|an)?\s*(?:new\s+)?"
    r"([\w&][^.,;:\n\"“]{2,60})",
    re.I,
)
NAMED = re.compile(
    r"\b(?:for|about|on|announcing|announce|introducing|launch of|promoting)\s+"
    r"(?:our|the|a|an)?\s*(?:new\s+)?([A-Z][\w&-]*(?:\s+(?:[A-Z]|\d+\s?[A-Z])[\w&-]*)*)"
)
SUBJECT_END = re.compile(
    r"\s+(?:for|in|with|that|which|aimed|to|of at|mention\w*|includ\w*|at most|under|using|"
    r"and (?:mention|include|say))\b",
    re.I,
)
BULLET = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+(.{3,200})$", re.M)
POINTS = re.compile(
    r"\b(?:mention|include|cover|say|points?|highlight)(?:ing|s)?(?: that)?[:\s]\s*"
    r"((?:[^.\n]|\.(?=\d)){3,400})",
    re.I,
)
AVOID = re.compile(
    r"\b(?:avoid|without|never say|do not (?:say|use|mention)|don't (?:say|use|mention))\b[^.\n]{0,200}", re.I
)
AUDIENCE = re.compile(r"\b(?:audience|readers?|aimed at|target group)\s*(?:is|are|:)?\s*([^.,;\n]{3,60})", re.I)


@dataclass(frozen=True)
class Brief:
    """The parts of a brief. ``words`` is None where it sets no length; phrases are as quoted."""

    kind: Kind
    subject: str
    points: tuple[str, ...]
    phrases: tuple[str, ...]
    avoid: tuple[str, ...]
    audience: str
    words: tuple[int, int] | None


def read_brief(task: str) -> Brief:
    """The brief in a task."""
    task = task[:20_000]
    avoided = " ".join(AVOID.findall(task))
    avoid = tuple(dict.fromkeys(QUOTED.findall(avoided)))
    kept = AVOID.sub(" ", task)
    quoted = tuple(dict.fromkeys(QUOTED.findall(kept)))
    audience = AUDIENCE.search(kept)
    return Brief(
        kind=next((kind for kind, pattern in KINDS if pattern.search(task)), "announcement"),
        subject=_subject(kept, quoted),
        points=_points(kept)[:8],
        phrases=quoted[:6],
        avoid=avoid[:10],
        audience=audience.group(1).strip() if audience else "",
        words=_words(task),
    )


def _subject(task: str, quoted: tuple[str, ...]) -> str:
    plain = BULLET.sub(" ", task)
    labelled = re.search(r"^\s*(?:subject|product|topic|about)\s*:\s*(.{2,80})$", task, re.I | re.M)
    if labelled:
        return labelled.group(1).strip(' ."“”')
    if named := NAMED.search(QUOTED.sub(r"\1", plain)):
        return named.group(1)
    for found in SUBJECT.findall(QUOTED.sub(r"\1", plain)):
        subject = SUBJECT_END.split(" " + found, maxsplit=1)[0].strip()
        if len(subject) > 2 and not ABOUT.search(subject):
            return subject[0].upper() + subject[1:]
    return quoted[0] if quoted else ""


def _points(task: str) -> tuple[str, ...]:
    bullets = BULLET.findall(task)
    if bullets:
        return tuple(bullet.strip(" .") for bullet in bullets)
    found: list[str] = []
    for stretch in POINTS.findall(task):
        parts = re.split(r"\s*[,;]\s*(?:and\s+)?", QUOTED.sub(r"\1", stretch))
        found += [part.strip(' ."“”') for part in parts]
    return tuple(dict.fromkeys(part for part in found if len(part) > 2 and not ABOUT.search(part)))


def _words(task: str) -> tuple[int, int] | None:
    if found := RANGE.search(task):
        least, most = sorted((int(found.group(1)), int(found.group(2))))
        return least, max(most, 10)
    if found := AT_MOST.search(task):
        most = max(int(found.group(1)), 20)
        return most // 2, most
    if found := AT_LEAST.search(task):
        least = min(int(found.group(1)), 600)
        return least, least * 3 // 2 + 10
    if found := ABOUT.search(task):
        about = min(max(int(found.group(1)), 20), 600)
        return about * 4 // 5, about * 6 // 5
    return None
