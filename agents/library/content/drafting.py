"""Drafts by template: the brief's points as sentences, with allowed facts, fitted to the length asked for."""

from collections.abc import Sequence

from agents.library.content.brief import Brief
from agents.library.content.guidelines import BRAND
from agents.library.content.measures import WORD
from agents.library.rehearsal.revision import without_phrases

STARTERS = ("Worth knowing: ", "It comes with a promise: ", "Also good to know: ", "And then there is this: ")
OPENINGS = {
    "announcement": "{subject} is now at " + BRAND + ".",
    "product": "{subject} from " + BRAND + " is made to be used, not to be looked after.",
    "email": "Good news from " + BRAND + ": {subject} is here.",
    "post": "Now at " + BRAND + ": {subject}.",
}
VERBS = frozenset(
    (
        *("has", "holds", "works", "comes", "weighs", "stands", "keeps", "lasts", "fits", "folds", "packs"),
        *(
            "makes",
            "needs",
            "gives",
            "is",
            "can",
            "costs",
            "opens",
            "closes",
            "dries",
            "burns",
            "lights",
            "runs",
        ),
    )
)
FILLERS = (
    "We took our time with it, and asked the people who will use it.",
    "There is nothing on it that you will not need.",
    "It is simple to use and simple to look after.",
    "Write to us if you want to know more before you decide.",
    "If it is not for you, that is fine too.",
    "Come by, pick it up, and see for yourself.",
)


def first_draft(brief: Brief, facts: Sequence[str], banned: Sequence[str]) -> str:
    """Everything that the brief asks for, with all facts; no regard to length yet."""
    return _assemble(brief, brief.points, facts, banned)


def fitted_draft(brief: Brief, facts: Sequence[str], banned: Sequence[str], words: tuple[int, int]) -> str:
    """The draft with as few spare sentences as the length asks for; if it is too long, the last points go."""
    least, most = words
    spare = [*facts, *FILLERS]
    lengthened = (_assemble(brief, brief.points, spare[:count], banned) for count in range(len(spare) + 1))
    fitting = [draft for draft in lengthened if _length(draft) <= most]
    if fitting:
        return next((draft for draft in fitting if _length(draft) >= least), fitting[-1])
    cut = (_assemble(brief, brief.points[:kept], (), banned) for kept in range(len(brief.points), -1, -1))
    return next((draft for draft in cut if _length(draft) <= most), _shortest(brief, banned))


def _assemble(brief: Brief, points: Sequence[str], spare: Sequence[str], banned: Sequence[str]) -> str:
    subject = without_phrases(brief.subject, [*banned, *brief.avoid]) or "Something new"
    opening = OPENINGS[brief.kind].format(subject=subject)
    if brief.audience:
        opening += f" It is made for {brief.audience}."
    allowed = [point for point in points if not _holds(point, [*banned, *brief.avoid])]
    body = [_sentence(point, number) for number, point in enumerate(allowed)]
    said = " ".join([opening, *body]).lower()
    phrases = [phrase for phrase in brief.phrases if phrase.lower() not in said and not _holds(phrase, banned)]
    body += [_ended(phrase[:1].upper() + phrase[1:]) for phrase in phrases]
    paragraphs = [_title(brief, subject), opening, " ".join(body), " ".join(spare)]
    if brief.kind == "email":
        paragraphs.append(f"Your {BRAND} team")
    return without_phrases("\n\n".join(each for each in paragraphs if each), [*banned, *brief.avoid])


def _shortest(brief: Brief, banned: Sequence[str]) -> str:
    subject = brief.subject or "Something new"
    return without_phrases(f"{OPENINGS['post'].format(subject=subject)}", [*banned, *brief.avoid])


def _title(brief: Brief, subject: str) -> str:
    if brief.kind == "email":
        return f"Subject: {subject}"
    return "" if brief.kind == "post" else subject


def _holds(text: str, phrases: Sequence[str]) -> bool:
    return any(phrase.lower() in text.lower() for phrase in phrases)


def _sentence(point: str, number: int) -> str:
    if point.split()[0].lower() in VERBS:
        point = f"it {point}"
    if number % 2 == 0:
        return _ended(point[:1].upper() + point[1:])
    starter = STARTERS[number // 2 % len(STARTERS)]
    return _ended(starter + point)


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _length(text: str) -> int:
    return len(WORD.findall(text))
