"""Choosing words and sentences by counting, which is all that a rehearsal policy understands of language."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

WORD = re.compile(r"[^\W_][\w'\u2019-]*")
SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[A-Z0-9\"'(])")
BLOCK_END = re.compile(r"\n\s*\n|(?<=\n)(?=#)|(?m:^#.*$)|\n(?=\s*(?:[-*•]\s|\d+[.)]\s))")
COMMON = frozenset(Path(__file__).with_name("common_words.txt").read_text("utf-8").split())


def words(text: str) -> list[str]:
    """The words of a text in lower case."""
    return [match.group().lower() for match in WORD.finditer(text)]


def topic_words(text: str, *, limit: int = 12) -> list[str]:
    """The words that carry the topic, in order, each once: no common word, nothing of one letter."""
    seen = dict.fromkeys(word for word in words(text) if word not in COMMON and len(word) > 1)
    return list(seen)[:limit]


def sentences(text: str) -> list[str]:
    """A text cut into sentences. Paragraphs, headings and list items end one."""
    blocks = (" ".join(block.split()) for block in BLOCK_END.split(text))
    return [part.lstrip("#*•- ") for block in blocks for part in SENTENCE_END.split(block) if part.strip("#*•- ")]


def stem(word: str) -> str:
    """A rough stem, so that "turbines" meets "turbine" and "refunds" meets "refunded"."""
    for ending in ("ings", "ing", "ies", "ied", "ers", "est", "ed", "es", "er", "ly", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word[:-1] if word.endswith("e") and len(word) > 3 else word


def overlap(text: str, wanted: Iterable[str]) -> int:
    """How many of the wanted words a text holds, by their stems."""
    present = {stem(word) for word in words(text)}
    return sum(stem(word) in present for word in set(wanted))


def best_sentences(text: str, wanted: Sequence[str], *, limit: int) -> list[str]:
    """The sentences that hold most of the wanted words, in the order of the text, without short scraps."""
    scored = [
        (overlap(sentence, wanted), -number, sentence)
        for number, sentence in enumerate(sentences(text))
        if len(sentence) >= 15
    ]
    chosen = sorted((entry for entry in scored if entry[0] > 0), reverse=True)[:limit]
    return [sentence for _, _, sentence in sorted(chosen, key=lambda entry: -entry[1])]


def frequent_words(text: str, *, limit: int = 12) -> list[str]:
    """The topic words that a text repeats most."""
    counted = Counter(word for word in words(text) if word not in COMMON and len(word) > 3)
    return [word for word, _ in counted.most_common(limit)]


def clip(text: str, limit: int) -> str:
    """At most ``limit`` characters, cut after a word."""
    flat = " ".join(text.split())
    if len(flat) <= limit:
        return flat
    return flat[:limit].rsplit(" ", 1)[0].rstrip(",;:") + " …"
