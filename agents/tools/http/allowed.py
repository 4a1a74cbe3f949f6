"""Which hosts and ports tools may reach: the public internet, and what the operator of this installation adds."""

import ipaddress
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from agents.tools.http.addresses import Address, is_public

VARIABLE = "WATCHFLOOR_TOOL_HOSTS"
USUAL_PORTS = frozenset({80, 443})
ANY_PORT = frozenset(range(1, 65_536))
METADATA = frozenset(
    ipaddress.ip_address(address)
    for address in (
        "169.254.169.254",
        "169.254.170.2",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
    )
)
"""Where clouds hand out credentials: only an entry of that one address leads there."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_ENTRY = re.compile(r"(?P<place>\[[^\]]+\](?:/\d+)?|[^:\[\]]+|[0-9a-fA-F:]+(?:/\d+)?)(?::(?P<port>\d{1,5}|\*))?")
_HOST = re.compile(r"(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")


class BadEntry(ValueError):
    """The operator's list cannot be read; the message names the entry."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A host, or all hosts below ``*.domain``, or a network; and the ports that may be used there."""

    host: str
    network: Network | None
    ports: frozenset[int]

    def covers(self, host: str, port: int, address: Address) -> bool:
        """Whether this entry lets a tool that names the host connect to that address of it."""
        if port not in self.ports:
            return False
        if self.network is not None:
            return address in self.network and (address not in METADATA or self.network.num_addresses == 1)
        return self.names(host) and address not in METADATA and not address.is_multicast

    def names(self, host: str) -> bool:
        """Whether the host is one of this entry's."""
        return host.endswith(self.host[1:]) if self.host.startswith("*.") else bool(self.host) and host == self.host


def may_connect(host: str, port: int, address: Address, entries: Iterable[Entry]) -> bool:
    """Whether a tool that names this host may connect to this address of it."""
    if any(entry.covers(host.lower().rstrip("."), port, address) for entry in entries):
        return True
    return port in USUAL_PORTS and is_public(address)


def operators_list() -> tuple[Entry, ...]:
    """What the environment adds, such as ``intranet.example:8443,10.0.0.0/8``. Raises BadEntry."""
    return entries_in(os.environ.get(VARIABLE, ""))


@lru_cache(maxsize=16)
def entries_in(text: str) -> tuple[Entry, ...]:
    """The entries of a list: ``HOST``, ``*.DOMAIN``, ``NETWORK`` or an address, with ``:PORT`` or ``:*``.

    Without a port 80 and 443 are meant; an IPv6 address with a port stands in brackets. Raises BadEntry.
    """
    return tuple(_entry(part) for each in text.split(",") if (part := each.strip().lower()))


def _entry(text: str) -> Entry:
    found = _ENTRY.fullmatch(text)
    if found is None:
        raise BadEntry(f"{VARIABLE}: {text[:80]!r} is no host, network or address, with or without a port.")
    ports = _ports(text, found["port"])
    place = found["place"].replace("[", "").replace("]", "")
    try:
        return Entry("", ipaddress.ip_network(place), ports)
    except ValueError as error:
        if not _HOST.fullmatch(place) or "/" in place or place.rpartition(".")[2].isdigit():
            raise BadEntry(f"{VARIABLE}: {text[:80]!r} is no host, network or address.") from error
    return Entry(place, None, ports)


def _ports(text: str, written: str | None) -> frozenset[int]:
    if written is None:
        return USUAL_PORTS
    if written == "*":
        return ANY_PORT
    if int(written) not in ANY_PORT:
        raise BadEntry(f"{VARIABLE}: {text[:80]!r} names no port.")
    return frozenset({int(written)})
