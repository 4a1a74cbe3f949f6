"""What a task about documents asks, found by its words."""

import re
from dataclasses import dataclass

from agents.library.rehearsal.wording import topic_words

WHOLE = re.compile(r"\b(?:summar\w+|overview|main points|key points|what is (?:this|it) about|outline)\b", re.I)
ABOUT = re.compile(r"\b(?:about|regarding|concerning|says? (?:of|on)|on the (?:topic|subject))\b", re.I)
SPLIT = re.compile(r"\b(?:by|per|each|every)\s+([\w][\w -]{0,40})", re.I)
FILE_NAME = re.compile(r"\b[\w.-]+\.(?:txt|md|markdown|pdf|csv)\b", re.I)
QUOTED = re.compile(r"[\"“]([^\"”]{2,120})[\"”]")


@dataclass(frozen=True)
class Question:
    """``whole`` asks for a summary of everything; ``splits`` are possible column names to sum by."""

    task: str
    query: str
    topics: tuple[str, ...]
    whole: bool
    splits: frozenset[str]


def read_question(task: str) -> Question:
    """The question in a task: quoted words count first, then the words that carry the topic."""
    plain = FILE_NAME.sub(" ", task[:20_000])
    quoted = topic_words(" ".join(QUOTED.findall(plain)))
    topics = tuple(dict.fromkeys([*quoted, *topic_words(plain, limit=14)]))
    whole = bool(WHOLE.search(plain)) and not quoted and not ABOUT.search(plain.replace("is this about", ""))
    return Question(task, " ".join(topics)[:300], topics, whole or not topics, _splits(plain))


def _splits(task: str) -> frozenset[str]:
    """Each stretch of one to three words after "by", "per" or "each"."""
    found: set[str] = set()
    for stretch in SPLIT.findall(task):
        parts = stretch.casefold().split()
        found |= {" ".join(parts[:length]) for length in (1, 2, 3)}
    return frozenset(found)
