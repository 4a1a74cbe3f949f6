"""``{secret:NAME}`` in a header, an address or a variable: filled in at the last moment, never stored."""

import re
from collections.abc import Mapping

PLACEHOLDER = re.compile(r"\{secret:([A-Za-z0-9_.-]{1,64})\}")


class MissingSecret(Exception):
    """A call needs a secret that nobody has set."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The secret {name} is not set.")
        self.name = name


def filled(text: str, secrets: Mapping[str, str]) -> str:
    """The text with its secrets in place. Raises MissingSecret."""

    def value(found: re.Match[str]) -> str:
        if found[1] not in secrets:
            raise MissingSecret(found[1])
        return secrets[found[1]]

    return PLACEHOLDER.sub(value, text)


def names_in(*texts: str) -> set[str]:
    """The names of all secrets that these texts need."""
    return {name for text in texts for name in PLACEHOLDER.findall(text)}
