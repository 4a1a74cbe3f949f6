"""Credentials that are known by their looks, whoever they belong to."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of credential; ``sign`` is in every one of them, so that most texts need no further look."""

    name: str
    sign: str
    pattern: re.Pattern[str]


# Letters alone are prose ("sk-learn-pipelines-in-production"): each key has a digit. A pattern that begins with plain
# letters is found fast, so that no word may stand before is said after them.
TOKEN = r"(?:\s+|%20)(?=[A-Za-z._~+/-]*\d)[A-Za-z0-9._~+/-]{20,}=*"
FORMATS: tuple[Format, ...] = tuple(
    Format(name, sign, re.compile(pattern))
    for name, sign, pattern in (
        ("Anthropic key", "sk-ant-", r"sk-ant-(?<!\wsk-ant-)(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{20,}"),
        ("OpenAI key", "sk-", r"sk-(?<!\wsk-)(?!ant-)(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{20,}"),
        ("AWS key", "AKIA", r"AKIA(?<!\wAKIA)[0-9A-Z]{16}\b"),
        ("GitHub token", "gh", r"gh(?<!\wgh)[pousr]_[A-Za-z0-9]{30,}"),
        ("GitHub token", "github_pat_", r"github_pat_[A-Za-z0-9_]{30,}"),
        ("bearer token", "Bearer", rf"Bearer(?<!\wBearer){TOKEN}"),
        ("bearer token", "bearer", rf"bearer(?<!\wbearer){TOKEN}"),
        (
            "private key",
            "PRIVATE KEY-----",
            r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:[A-Za-z0-9+/=\s:,]|\\[rn]|-(?!----))*"
            r"(?:-----END [A-Z ]*PRIVATE KEY-----)?",
        ),
    )
)
SIGNS = ("sk-", "gh", "AKIA", "earer", "github_pat_", "PRIVATE KEY-----")
"""One of them is in every credential."""
BEGUN = re.compile(
    r"(?:-----BEGIN[A-Z ]*(?:[A-Za-z0-9+/=\s:,-]|\\[rn]?)*"
    r"|(?:[Bb]earer(?:\s+|%20?)?)?(?<![A-Za-z0-9._~+/=%-])[A-Za-z0-9._~+/=%-]+|[Bb]earer\s+[A-Za-z0-9._~+/=-]*)\Z"
)
"""What at the end of a text may still become a credential when more of the text comes."""


def found_in(text: str) -> list[tuple[int, int, str]]:
    """Where credentials stand: start, end and kind."""
    return [
        (found.start(), found.end(), each.name)
        for each in FORMATS
        if each.sign in text
        for found in each.pattern.finditer(text)
    ]


def looks_like_one(text: str) -> bool:
    """Whether any is in the text; the question that is asked of everything."""
    for sign in SIGNS:
        if sign in text:
            return any(each.sign in text and each.pattern.search(text) for each in FORMATS)
    return False
