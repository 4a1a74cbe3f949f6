"""The request of one call, made from its arguments: address, headers, body."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urljoin, urlsplit

from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.calls import IDEMPOTENCY_HEADER, Call, ToolRefusal
from agents.contracts.specs import HttpEndpoint
from agents.secrets.placeholders import filled
from agents.tools.http.template import arguments_in
from agents.tools.http.url import filled_url, url_template

WITH_A_BODY = frozenset({"POST", "PUT", "PATCH"})
HEADERS = {
    "accept": "application/json, text/plain;q=0.5",
    "accept-encoding": "gzip",
    "user-agent": "watchfloor-tools/1",
}
OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "accept-encoding", "te", "upgrade"})
"""Headers that say how a message is carried: not a tool's to set."""
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]{0,8000}")


class Unsendable(Exception):
    """No request can be made: the tool is set up wrongly. The message names no secret."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request that can be sent, again and again."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None

    def redirected(self, location: str, *, with_get: bool) -> "Prepared":
        """The request to where an answer points. What was written for one origin is never shown to another."""
        url = urljoin(self.url, location)
        method, body = ("GET", None) if with_get else (self.method, self.body)
        kept = dict(self.headers) if origin(url) == origin(self.url) else dict(HEADERS)
        if body is None:
            kept.pop("content-type", None)
        return replace(self, url=url, method=method, body=body, headers=kept)


def prepared(endpoint: HttpEndpoint, arguments: JsonObject, call: Call, secrets: Mapping[str, str]) -> Prepared:
    """The request. Raises ToolRefusal for arguments that make none, Unsendable, MissingSecret or BadTemplate."""
    url = filled_url(endpoint.url, endpoint.query, arguments, secrets)
    headers = dict(HEADERS)
    if (body := _body(endpoint, arguments)) is not None:
        headers["content-type"] = "application/json"
    headers |= {name.lower(): _header(name, filled(value, secrets)) for name, value in endpoint.headers.items()}
    if call.effect == "keyed":
        headers[IDEMPOTENCY_HEADER.lower()] = call.key
    return Prepared(endpoint.method, url, headers, body)


def named_arguments(endpoint: HttpEndpoint) -> set[str]:
    """The arguments that stand in the address or the query. Raises BadTemplate."""
    parts = url_template(endpoint.url)
    values = [value for _, value in parts.query] + list(endpoint.query.values())
    return parts.arguments.union(*map(arguments_in, values))


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port. Raises ValueError."""
    parts = urlsplit(url)
    usual = {"http": 80, "https": 443}.get(parts.scheme.lower())
    return parts.scheme.lower(), (parts.hostname or "").lower(), parts.port or usual


def _body(endpoint: HttpEndpoint, arguments: JsonObject) -> bytes | None:
    """All that is not in the address, or the one argument that is the body."""
    named = named_arguments(endpoint)
    left: JsonObject = {name: value for name, value in arguments.items() if name not in named}
    if endpoint.method not in WITH_A_BODY:
        if left:
            raise ToolRefusal(f"This tool takes no {', '.join(sorted(left))[:200]}.")
        return None
    if not endpoint.body:
        return _json(left)
    if other := sorted(left.keys() - {endpoint.body}):
        raise ToolRefusal(f"This tool takes no {', '.join(other)[:200]}.")
    return _json(left[endpoint.body]) if endpoint.body in left else None


def _json(value: JsonValue) -> bytes:
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


def _header(name: str, value: str) -> str:
    """The value as it can be sent. The library would name it in its error."""
    if not HEADER_NAME.fullmatch(name) or name.lower() in OURS or not _HEADER_VALUE.fullmatch(value.strip()):
        raise Unsendable(f"The header {name[:80]!r} cannot be sent.")
    return value.strip()
