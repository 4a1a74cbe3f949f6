"""Texts with places in them: ``{name}`` for an argument, ``{secret:NAME}`` for a secret."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from pydantic import JsonValue

from agents.secrets.placeholders import PLACEHOLDER, MissingSecret

_PLACE = re.compile(r"\{([^{}]*)\}")
_ARGUMENT = re.compile(r"[^{}:/?#\s\x00-\x1f]{1,64}")


class BadTemplate(ValueError):
    """A text whose places cannot be read; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a template: plain text, or the name of an argument or a secret."""

    kind: Literal["text", "argument", "secret"]
    text: str


def pieces(template: str) -> list[Piece]:
    """The parts of a template. Raises BadTemplate."""
    found: list[Piece] = []
    end = 0
    for place in _PLACE.finditer(template):
        found += _plain(template[end : place.start()])
        found.append(_place(place))
        end = place.end()
    return found + _plain(template[end:])


def arguments_in(template: str) -> set[str]:
    """The names of all arguments that a template needs. Raises BadTemplate."""
    return {piece.text for piece in pieces(template) if piece.kind == "argument"}


def written(value: JsonValue) -> str:
    """A value as it stands in an address: text as it is, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def encoded(text: str) -> str:
    """Text in which nothing can end the part of an address in which it stands."""
    return quote(text, safe="", errors="replace")


def secret_of(piece: Piece, secrets: Mapping[str, str]) -> str:
    """The value of a secret's piece. Raises MissingSecret."""
    if piece.text not in secrets:
        raise MissingSecret(piece.text)
    return secrets[piece.text]


def _plain(text: str) -> list[Piece]:
    if "{" in text or "}" in text:
        raise BadTemplate("A brace stands alone: {name} is an argument, {secret:NAME} a secret.")
    return [Piece("text", text)] if text else []


def _place(place: re.Match[str]) -> Piece:
    if secret := PLACEHOLDER.fullmatch(place[0]):
        return Piece("secret", secret[1])
    if _ARGUMENT.fullmatch(place[1]):
        return Piece("argument", place[1])
    raise BadTemplate(f"{place[0][:80]} is no place: {{name}} is an argument, {{secret:NAME}} a secret.")
