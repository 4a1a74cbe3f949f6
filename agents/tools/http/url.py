"""The URL of a call: its template taken apart once, filled with arguments that cannot lead elsewhere."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote, unquote_plus, urlsplit

from pydantic import JsonValue

from agents.contracts.calls import ToolRefusal
from agents.tools.http.template import BadTemplate, Piece, arguments_in, encoded, pieces, secret_of, written

SCHEMES = frozenset({"http", "https"})
MOST_CHARACTERS = 8_000


@dataclass(frozen=True, slots=True)
class UrlTemplate:
    """A template's parts: ``origin`` is fixed, ``query`` has the pairs that stand in the template itself."""

    origin: str
    path: tuple[Piece, ...]
    query: tuple[tuple[str, str], ...]

    @property
    def arguments(self) -> set[str]:
        """The arguments in the path; without each of them there is no address."""
        return {piece.text for piece in self.path if piece.kind == "argument"}


@lru_cache(maxsize=512)
def url_template(template: str) -> UrlTemplate:
    """The parts of an address's template. Raises BadTemplate."""
    if not template.isascii() or any(letter <= " " or letter in '\\"<>^`|\x7f' for letter in template):
        raise BadTemplate("An address is ASCII without spaces; write anything else percent-encoded.")
    origin, rest = _origin(template)
    if "#" in rest:
        raise BadTemplate("An address that is called has no # part.")
    path, _, query = rest.partition("?")
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    parts = tuple(pieces(path or "/"))
    for name, _, value in pairs:
        if arguments_in(name):
            raise BadTemplate("The name of a query parameter is no argument.")
        pieces(value)
    return UrlTemplate(origin, parts, tuple((unquote_plus(name), unquote_plus(value)) for name, _, value in pairs))


def _origin(template: str) -> tuple[str, str]:
    """What comes before the path, and the rest."""
    scheme, separator, rest = template.partition("://")
    end = min((at for mark in "/?#" if (at := rest.find(mark)) >= 0), default=len(rest))
    host, rest = rest[:end], rest[end:]
    if not separator or scheme.lower() not in SCHEMES:
        raise BadTemplate("An address begins with https:// or http://.")
    if "{" in host or "}" in host:
        raise BadTemplate("An argument or a secret may stand in the path and the query, not before them.")
    try:
        parts = urlsplit(f"{scheme}://{host}")
        port = parts.port
    except ValueError as error:
        raise BadTemplate("The host or the port of the address cannot be understood.") from error
    if "@" in host:
        raise BadTemplate("User and password do not belong into an address; write a header with a secret.")
    if not parts.hostname or "%" in host or port == 0:
        raise BadTemplate("The address names no host.")
    return f"{scheme.lower()}://{host}", rest


def filled_url(
    template: str, query: Mapping[str, str], arguments: Mapping[str, JsonValue], secrets: Mapping[str, str]
) -> str:
    """The address to call. Raises ToolRefusal for arguments that make none, MissingSecret, BadTemplate."""
    parts = url_template(template)
    path = "".join(_segment(piece, arguments, secrets) for piece in parts.path)
    if any(unquote(segment) in (".", "..") for segment in path.split("/")):
        raise ToolRefusal(f"{', '.join(sorted(parts.arguments))}: . and .. are no values here.")
    pairs = [pair for name, value in (*parts.query, *query.items()) for pair in _pairs(name, value, arguments, secrets)]
    found = parts.origin + path + ("?" + "&".join(pairs) if pairs else "")
    if len(found) > MOST_CHARACTERS:
        raise ToolRefusal(f"The arguments are too long for an address of {MOST_CHARACTERS} characters.")
    return found


def _segment(piece: Piece, arguments: Mapping[str, JsonValue], secrets: Mapping[str, str]) -> str:
    """A piece of the path. An empty argument would be another address, perhaps that of the whole collection."""
    if piece.kind == "text":
        return piece.text
    if piece.kind == "secret":
        return encoded(secret_of(piece, secrets))
    value = arguments.get(piece.text)
    if value is None or value == "" or isinstance(value, list | dict):
        raise ToolRefusal(f"{piece.text}: one value that is not empty belongs here.")
    return encoded(written(value))


def _pairs(name: str, template: str, arguments: Mapping[str, JsonValue], secrets: Mapping[str, str]) -> Iterator[str]:
    """The pairs of one query parameter: none when an argument of it is not given, one for each value of a list."""
    parts = pieces(template)
    if any(piece.kind == "argument" and arguments.get(piece.text) is None for piece in parts):
        return
    alone = arguments.get(parts[0].text) if len(parts) == 1 and parts[0].kind == "argument" else None
    if isinstance(alone, list):
        yield from (f"{encoded(name)}={encoded(written(each))}" for each in alone)
        return
    yield f"{encoded(name)}={encoded(''.join(_text(piece, arguments, secrets) for piece in parts))}"


def _text(piece: Piece, arguments: Mapping[str, JsonValue], secrets: Mapping[str, str]) -> str:
    if piece.kind == "secret":
        return secret_of(piece, secrets)
    return piece.text if piece.kind == "text" else written(arguments[piece.text])
