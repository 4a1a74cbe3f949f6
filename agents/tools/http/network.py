"""Connections of tools: the host is resolved once, all its addresses are checked, and one of those is connected to."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable
from functools import cache

import httpcore2
import httpx2

from agents.tools.http.addresses import Address, parse_address
from agents.tools.http.allowed import BadEntry, may_connect, operators_list

Resolve = Callable[[str, int], Awaitable[list[str]]]
SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]

CONNECT_SECONDS = 5.0
MOST_ADDRESSES = 3


class Forbidden(Exception):
    """No tool may connect there, and none did; the message is one sentence."""


async def resolve_host(host: str, port: int) -> list[str]:
    """The addresses of a host, by the system's resolver. Raises OSError when it has none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


async def checked_addresses(host: str, port: int, resolve: Resolve = resolve_host) -> list[Address]:
    """The addresses to connect to. Raises Forbidden when one of them may not be, ConnectError when there is none."""
    try:
        texts = await resolve(host, port)
    except (OSError, UnicodeError) as error:
        raise httpcore2.ConnectError(f"{host[:253]} has no address") from error
    found = [parse_address(text) for text in texts]
    try:
        entries = operators_list()
    except BadEntry as error:
        raise Forbidden(str(error)) from error
    if not all(address is not None and may_connect(host, port, address, entries) for address in found):
        raise Forbidden(f"{host[:253]}:{port} is no public address on port 80 or 443, and not on the operator's list.")
    return [address for address in found if address is not None]


class GuardedBackend(httpcore2.AsyncNetworkBackend):
    """Connects to checked addresses only. The name stays the name, for Host, SNI and the certificate."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._inner = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Try the host's addresses in the resolver's order. Raises Forbidden, ConnectError or ConnectTimeout."""
        failed: Exception = httpcore2.ConnectError(f"{host[:253]} has no address")
        for address in (await checked_addresses(host, port, self._resolve))[:MOST_ADDRESSES]:
            try:
                return await self._inner.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error
        raise failed

    async def sleep(self, seconds: float) -> None:
        """Wait between two tries to connect."""
        await asyncio.sleep(seconds)


class GuardedTransport(httpx2.AsyncHTTPTransport):
    """HTTP over guarded connections, each for one exchange: it is then known whether a request was sent at all."""

    def __init__(self, resolve: Resolve = resolve_host) -> None:
        super().__init__(verify=trusted(), trust_env=False)
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=trusted(), max_keepalive_connections=0, network_backend=GuardedBackend(resolve)
        )


@cache
def trusted() -> ssl.SSLContext:
    """The trusted certificates, read once: it takes tens of milliseconds. SSL_CERT_FILE names others."""
    return httpx2.create_ssl_context()
