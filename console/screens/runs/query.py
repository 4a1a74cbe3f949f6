"""The filter text above the runs: ``status:failed agent:support-triage cost:>80% since:1h`` and plain words.

Pure: text in, terms out; what a term selects is said in filters.py.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

KEYS = (
    *("status", "severity", "is", "agent", "version", "surface", "tier", "user", "session", "by"),
    *("llm", "tool", "trouble", "error", "cost", "since", "ended"),
)
WHOLE = frozenset({"error"})
"""Keys whose value is one text, commas and all."""
MAX_CHARACTERS = 500

_VALUE = r'"(?P<quoted{0}>[^"]*)"?|(?P<plain{0}>[^\s"]+)'
# A key whose value is missing ("status: x") keeps its place with an empty value.
_TERM = re.compile(rf"(?P<key>[A-Za-z_]+):(?:{_VALUE.format('')})?|{_VALUE.format('_word')}")


@dataclass(frozen=True, slots=True)
class Term:
    """One part of the text: a key with its value, or a word to search for (empty key)."""

    key: str
    value: str

    def __str__(self) -> str:
        value = (
            f'"{self.value}"' if re.search(r"[\s]", self.value) or (not self.key and ":" in self.value) else self.value
        )
        return f"{self.key}:{value}" if self.key else value


@dataclass(frozen=True, slots=True)
class Query:
    """The terms of a filter text, in the order they were typed, and what was not understood."""

    terms: tuple[Term, ...] = ()
    problems: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join(str(term) for term in self.terms)

    def values(self, key: str) -> list[str]:
        """Everything asked for under a key; a comma separates alternatives."""
        joined = [term.value for term in self.terms if term.key == key]
        if key in WHOLE:
            return joined
        return [part for value in joined for part in value.split(",") if part]

    @property
    def words(self) -> list[str]:
        """The plain words."""
        return [term.value for term in self.terms if not term.key]

    def without(self, unwanted: Term) -> "Query":
        """The query less one term: what its chip's cross leads to."""
        return Query(tuple(term for term in self.terms if term != unwanted))

    def having(self, key: str, value: str) -> "Query":
        """The query with a term set, in the place of others of its key."""
        kept = [term for term in self.terms if term.key != key]
        return Query((*kept, Term(key, value)))


def parse(text: str) -> Query:
    """Read a filter text; unknown keys become problems, nothing raises."""
    if len(text) > MAX_CHARACTERS:
        return Query(problems=(f"The filter is longer than {MAX_CHARACTERS} characters.",))
    # A NUL is no text to a database.
    found = list(_terms(text.replace("\x00", "")))
    unknown = sorted({term.key for term in found if term.key and term.key not in KEYS})
    problems = [f"There is no filter “{key}:”; there are {', '.join(KEYS)}." for key in unknown]
    problems += [f"“{term.key}:” lacks its value." for term in found if term.key in KEYS and not term.value]
    return Query(tuple(term for term in found if _usable(term)), tuple(problems))


def _usable(term: Term) -> bool:
    return bool(term.value) and (not term.key or term.key in KEYS)


def _terms(text: str) -> Iterable[Term]:
    for match in _TERM.finditer(text):
        found = match.groupdict()
        values = (found[name] for name in ("quoted", "plain", "quoted_word", "plain_word"))
        value = next((value for value in values if value is not None), "")
        yield Term((found["key"] or "").lower(), value.strip())
