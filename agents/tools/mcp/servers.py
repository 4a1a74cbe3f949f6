"""The servers that there are, as rows say it: read outside of the event loop, remembered for two seconds."""

import hashlib
import threading
import time
from collections.abc import Mapping
from typing import Literal, Self, cast

from agents.contracts.base import Contract
from agents.models import McpServer
from agents.secrets.placeholders import filled

REFRESH_SECONDS = 2.0


class UnknownServer(Exception):
    """No server of that name may be called; the message is one sentence."""


class Endpoint(Contract):
    """Where a server is: its command and variables, or its address and headers. Values may hold ``{secret:NAME}``."""

    name: str
    transport: Literal["stdio", "http"]
    command: tuple[str, ...] = ()
    environment: dict[str, str] = {}
    url: str = ""
    headers: dict[str, str] = {}
    timeout_seconds: int = 20

    @classmethod
    def of(cls, row: McpServer) -> Self:
        """A row's endpoint."""
        return cls(
            name=row.name,
            transport=cast('Literal["stdio", "http"]', row.transport),
            command=tuple(row.command),
            environment=row.environment,
            url=row.url,
            headers=row.headers,
            timeout_seconds=row.timeout_seconds,
        )

    def filled(self, secrets: Mapping[str, str]) -> Self:
        """The endpoint with its secrets in place, for the moment of a connection. Raises MissingSecret."""
        return self.model_copy(
            update={
                "environment": {name: filled(value, secrets) for name, value in self.environment.items()},
                "url": filled(self.url, secrets),
                "headers": {name: filled(value, secrets) for name, value in self.headers.items()},
            }
        )

    @property
    def fingerprint(self) -> str:
        """The same for the same endpoint; of a filled one it tells nothing of the secrets."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


class KnownServers:
    """What this process knows of the rows."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._endpoints: dict[str, Endpoint] = {}
        self._read_at = float("-inf")

    def refresh(self) -> None:
        """Read the rows when they were read too long ago; for any thread but the event loop's."""
        with self._lock:
            if time.monotonic() - self._read_at < REFRESH_SECONDS:
                return
            self._endpoints = {row.name: Endpoint.of(row) for row in McpServer.objects.filter(enabled=True)}
            self._read_at = time.monotonic()

    def forget(self) -> None:
        """Read anew at the next refresh."""
        with self._lock:
            self._read_at = float("-inf")

    def named(self, name: str) -> Endpoint:
        """The endpoint of a server that may be called, from memory. Raises UnknownServer."""
        with self._lock:
            found = self._endpoints.get(name)
        if found is None:
            raise UnknownServer(f"There is no MCP server {name}, or it is switched off.")
        return found


known_servers = KnownServers()
