"""Mending a draft by what the critic said of it."""

import re
from collections.abc import Sequence

from agents.library.rehearsal.conversation import Source
from agents.library.rehearsal.wording import sentences

MARK = re.compile(r"\s?\[(\d+)\]")
QUOTED = re.compile('["\u201c]([^"\u201c\u201d]{2,200})["\u201d]')
NUMBER = re.compile(r"(?<![\w.])(\d{1,6})(?![\w])")
LINK = re.compile(r"https?://\S+")
SECRET = re.compile(r"\S*(?=\S*\d)[A-Za-z0-9._~+/-]{20,}\S*")


def mend(draft: str, complaint: str, sources: Sequence[Source], *, spare: Sequence[str] = ()) -> str:
    """The draft with each complaint answered; ``spare`` are sentences to lengthen it with."""
    for line in complaint.splitlines():
        draft = _mend_one(draft, line.strip(" -*•\t"), sources, spare)
    return draft


def _mend_one(draft: str, issue: str, sources: Sequence[Source], spare: Sequence[str]) -> str:
    """One complaint answered; what is quoted in it says nothing about its kind."""
    said = QUOTED.sub("", issue).lower()
    quoted = QUOTED.findall(issue)
    if "must not be used" in said or "banned" in said:
        return without_phrases(draft, quoted)
    if quoted and ("must contain" in said or "required" in said or "missing" in said):
        return with_phrases(draft, quoted)
    if "link" in said:
        return LINK.sub("", draft)
    if "looks like" in said and "leave it out" in said:
        return SECRET.sub("", draft)
    if re.search(r"\bcit(?:e|es|ations?)\b", said):
        return mend_citations(draft, sources)
    if "character" in said and ("at most" in said or "too long" in said):
        return shorten(draft, limit=_least_number(said, default=len(draft) - 1))
    if "character" in said and ("at least" in said or "too short" in said):
        return lengthen(draft, spare, minimum=max(map(int, NUMBER.findall(said)), default=len(draft) + 1))
    return draft


def mend_citations(draft: str, sources: Sequence[Source]) -> str:
    """Marks that point nowhere are dropped; a draft without any gets the first source at its end."""
    known = {source.cite for source in sources if source.cite is not None}
    draft = MARK.sub(lambda mark: mark.group() if int(mark.group(1)) in known else "", draft)
    if MARK.search(draft) or not known:
        return draft
    first = min(known)
    return re.sub(r"([.!?]?)\s*$", rf" [{first}]\1", draft.rstrip(), count=1)


def without_phrases(draft: str, phrases: Sequence[str]) -> str:
    """The draft without these phrases, and with the gaps closed."""
    for phrase in phrases:
        draft = re.sub(rf"(?<!\w){re.escape(phrase)}(?!\w)", "", draft, flags=re.IGNORECASE)
    draft = re.sub(r"[ \t]{2,}", " ", draft)
    draft = re.sub(r"\s+([.,;:!?])", r"\1", draft)
    return re.sub(r"(^|[.!?]\s+)([a-z])", lambda found: found.group(1) + found.group(2).upper(), draft).strip()


def with_phrases(draft: str, phrases: Sequence[str]) -> str:
    """The draft with a closing line for each phrase that it lacks."""
    lacking = [phrase for phrase in phrases if phrase.lower() not in draft.lower()]
    return draft if not lacking else f"{draft}\n\n{', '.join(lacking)}."


def shorten(draft: str, *, limit: int) -> str:
    """Whole sentences from the start, within ``limit`` characters; paragraphs stay apart."""
    kept = ""
    for paragraph in draft.split("\n"):
        for number, sentence in enumerate(sentences(paragraph) or [""]):
            longer = kept + (" " if number else "\n" if kept else "") + sentence
            if len(longer) > limit:
                return kept.rstrip() or draft[:limit].rstrip()
            kept = longer
    return kept.rstrip()


def lengthen(draft: str, spare: Sequence[str], *, minimum: int) -> str:
    """The draft with spare sentences after it until it is long enough, or until none is left."""
    for sentence in spare:
        if len(draft) >= minimum:
            break
        if sentence not in draft:
            draft = f"{draft} {sentence}"
    return draft


def _least_number(said: str, *, default: int) -> int:
    return min((int(number) for number in NUMBER.findall(said)), default=default)
