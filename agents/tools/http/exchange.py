"""One request and its answer, redirects included; whether anything was sent, and the socket that a kill closes."""

import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import httpx2

from agents.contracts.specs import Effect
from agents.edge import when_cut
from agents.tools.http.network import CONNECT_SECONDS, GuardedTransport
from agents.tools.http.reading import Answer, read
from agents.tools.http.request import Prepared, origin
from agents.tools.http.url import SCHEMES

MOST_REDIRECTS = 3
SAME_METHOD = frozenset({307, 308})
REDIRECTS = SAME_METHOD | {301, 302, 303}
CONNECTED = ("connect_tcp.complete", "start_tls.complete")


class BadRedirect(Exception):
    """The endpoint points to where its call may not go; the message is one clause."""


class Line:
    """The connection of a call: ``sent`` once a request has begun to leave on it."""

    def __init__(self) -> None:
        self.sent = False
        self._socket: socket.socket | None = None
        when_cut(self.hang_up)

    def hang_up(self) -> None:
        """Let the far end see at once that nobody listens any more; what is open is closed by its owner."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    async def watch(self, event: str, info: Mapping[str, Any]) -> None:
        """Hear from the library what it does."""
        if event.endswith(CONNECTED):
            self._socket = info["return_value"].get_extra_info("socket")
        self.sent = self.sent or event.endswith("send_request_headers.started")

    def closed(self) -> None:
        """The socket is no longer ours."""
        self._socket = None


class Exchange:
    """Carries out a prepared request. Each hop is checked and has a connection of its own."""

    def __init__(self, transport: GuardedTransport, line: Line, most_bytes: int) -> None:
        self._transport = transport
        self._line = line
        self._most_bytes = most_bytes

    async def answer(self, request: Prepared, effect: Effect) -> Answer:
        """The answer that is no redirect.

        Raises BadRedirect, Unusable, agents.tools.http.network.Forbidden, and httpx2.TransportError.
        """
        for _ in range(MOST_REDIRECTS + 1):
            answer = await self._hop(request)
            if answer.status not in REDIRECTS or not answer.location:
                return answer
            self._line.sent = self._line.sent and answer.status == 303  # any other says that nothing was done here
            request = followed(request, answer, effect)
        raise BadRedirect(f"it redirects more than {MOST_REDIRECTS} times")

    async def _hop(self, request: Prepared) -> Answer:
        timeout = {"connect": CONNECT_SECONDS, "read": None, "write": None, "pool": None}
        sent = httpx2.Request(
            request.method,
            request.url,
            headers=request.headers,
            content=request.body,
            extensions={"trace": self._line.watch, "timeout": timeout},
        )
        response = await self._transport.handle_async_request(sent)
        response.request = sent
        try:
            if response.status_code in REDIRECTS and response.headers.get("location"):
                return Answer(response.status_code, "", "", b"", response.headers["location"][:8_000], "")
            return await read(response, self._most_bytes)
        finally:
            self._line.closed()
            await response.aclose()


def followed(request: Prepared, answer: Answer, effect: Effect) -> Prepared:
    """The request to where the answer points. Raises BadRedirect.

    What acts stays with the endpoint that it was written for; only 303 says that it was done, and where the result is.
    """
    with_get = answer.status not in SAME_METHOD
    try:
        after = request.redirected(answer.location, with_get=with_get)
        before, target = origin(request.url), origin(after.url)
    except ValueError as error:
        raise BadRedirect("it redirects to no address") from error
    if target[0] not in SCHEMES or "@" in after.url.partition("://")[2].partition("/")[0]:
        raise BadRedirect("it redirects to an address that is not called")
    if before[0] == "https" and target[0] == "http":
        raise BadRedirect("it redirects from https to http")
    if request.method == "GET":
        return after
    if effect != "pure" and target != before:
        raise BadRedirect(f"it redirects a write to {target[1][:253]}")
    if with_get and answer.status != 303:
        raise BadRedirect(f"it has moved ({answer.status}); write its new address into the tool")
    return after
