"""Regular expressions that others wrote, matched in time that grows with the text alone.

RE2 never goes back in a text, so that no pattern can hold a worker for long (as ``(a+)+$`` does in Python's own
engine). What only such an engine can do is refused when it is written: looking ahead or behind, and back references.
"""

import re
from functools import lru_cache

import re2

MOST_CHARACTERS = 1_000
MOST_BYTES_COMPILED = 2 << 20
_UNICODE_ESCAPE = re.compile(r"(?<!\\)((?:\\\\)*)\\u([0-9a-fA-F]{4})")


class UnusablePattern(ValueError):
    """A pattern that is too long, no pattern, or needs an engine that goes back; the text says which."""


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> re2._Regexp:
    """The pattern, ready to search with. ``$`` is the end of the text only. Raises UnusablePattern."""
    if len(pattern) > MOST_CHARACTERS:
        raise UnusablePattern(f"a pattern may have {MOST_CHARACTERS} characters, this one has {len(pattern)}")
    options = re2.Options()
    options.max_mem = MOST_BYTES_COMPILED
    options.log_errors = False
    try:
        return re2.compile(_UNICODE_ESCAPE.sub(r"\1\\x{\2}", pattern), options)
    except (re2.error, UnicodeEncodeError) as error:
        said = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else str(error)
        raise UnusablePattern(f"RE2, which matches in linear time, cannot use this pattern: {said[:200]}") from error


def occurs(pattern: str, text: str) -> bool:
    """Whether the pattern is found anywhere in the text; never in text that no encoding can carry."""
    try:
        return compiled(pattern).search(text) is not None
    except UnicodeEncodeError:
        return False
