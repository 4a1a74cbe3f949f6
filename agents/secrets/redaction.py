"""The secrets that this process knows of, and what keeps them out of all that is stored, logged, sent and shown."""

import os
from collections.abc import Iterable, Mapping
from urllib.parse import unquote, urlsplit

from agents.secrets.matcher import Matcher

OWN_KEYS = ("SECRET_KEY", "WATCHFLOOR_SECRET_KEYS")
WITH_PASSWORDS = ("DATABASE_URL", "REDIS_URL")


def from_environment(environ: Mapping[str, str]) -> list[tuple[str, str]]:
    """Names and values of what the environment holds: keys of vendors, our own keys, passwords of servers."""
    named = [(name, value) for name, value in environ.items() if name in OWN_KEYS or name.endswith("_API_KEY")]
    known = [(name, word.strip()) for name, value in named for word in value.split(",")]
    return known + [(name, password) for name in WITH_PASSWORDS if (password := _password(environ.get(name, "")))]


def _password(url: str) -> str:
    try:
        return unquote(urlsplit(url).password or "")
    except ValueError:
        return ""


class Known:
    """The present matcher of this process; whoever reads the vault puts in a new one."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._of_environment = from_environment(environ)
        self.matcher = Matcher(self._of_environment)

    def learn(self, stored: Iterable[tuple[str, str]]) -> None:
        """Look for these too from now on, and for no other stored ones. What is stored has the better names."""
        self.matcher = Matcher([*stored, *self._of_environment])


known = Known(os.environ)


def redacted(text: str) -> str:
    """The text without secrets, from memory alone: safe on an event loop, in a log line, in a transaction."""
    return known.matcher.text(text)
