"""Fetching a web page that an LLM named, without being led into the network that this machine stands in."""

import asyncio
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

import httpx

from agents.tools.http.addresses import Address, is_public, parse_address
from agents.tools.http.network import Resolve, resolve_host

PORTS = {"http": 80, "https": 443}
MAX_REDIRECTS = 3
MAX_BYTES = 2 * 1024 * 1024
MAX_SECONDS = 10.0
MAX_URL_CHARACTERS = 2_000
HEADERS = {
    "user-agent": "watchfloor-fetch/1",
    "accept": "text/html, text/*;q=0.8",
    "accept-encoding": "identity",
}


class FetchRefused(ValueError):
    """A page that will not be fetched, whoever asks; the message is one sentence."""


class FetchFailed(Exception):
    """A page that could not be fetched; the message is one sentence."""


@dataclass(frozen=True)
class Page:
    """A page as it arrived, at most 2 MB of it."""

    url: str
    content_type: str
    text: str
    cut: bool


async def fetch(url: str, *, resolve: Resolve | None = None, transport: httpx.AsyncBaseTransport | None = None) -> Page:
    """The text of a public page.

    Each host is resolved once and the connection goes to that very address, so that a second look-up cannot
    lead elsewhere. Raises FetchRefused for what must not be fetched, FetchFailed for what could not be.
    """
    try:
        async with asyncio.timeout(MAX_SECONDS), _client(transport) as client:
            for _ in range(MAX_REDIRECTS + 1):
                answer = await _one(client, url, resolve or resolve_host)
                if isinstance(answer, Page):
                    return answer
                url = answer
    except TimeoutError as error:
        raise FetchFailed(f"the page did not arrive within {MAX_SECONDS:.0f} seconds") from error
    except (httpx.InvalidURL, UnicodeError) as error:
        raise FetchRefused("the URL cannot be understood") from error
    except (httpx.HTTPError, OSError) as error:
        raise FetchFailed(f"the page could not be fetched: {type(error).__name__}") from error
    raise FetchRefused(f"the page redirects more than {MAX_REDIRECTS} times")


def checked_url(url: str) -> SplitResult:
    """The parts of a URL that may be fetched. Raises FetchRefused for any other."""
    if len(url) > MAX_URL_CHARACTERS or not url.isascii() or any(ord(letter) <= 32 or letter == "\\" for letter in url):
        raise FetchRefused("the URL is too long, or holds spaces, backslashes or other than ASCII characters")
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError as error:
        raise FetchRefused("the URL cannot be understood") from error
    if parts.scheme not in PORTS:
        raise FetchRefused("only http and https pages are fetched")
    if parts.username is not None or parts.password is not None:
        raise FetchRefused("a URL with a user name or password is not fetched")
    if not host or "%" in host:
        raise FetchRefused("the URL names no host")
    if port not in (None, *PORTS.values()):
        raise FetchRefused("only the ports 80 and 443 are used")
    return parts


async def public_address(host: str, port: int, resolve: Resolve) -> Address:
    """The address to connect to. Raises FetchRefused when any address of the host is not a public one."""
    addresses = [parse_address(text) for text in await resolve(host, port)]
    if not addresses:
        raise FetchFailed(f"{host} has no address")
    public = [address for address in addresses if address is not None and is_public(address)]
    if len(public) != len(addresses):
        raise FetchRefused(f"{host} leads to an address that is not public")
    return public[0]


def _client(transport: httpx.AsyncBaseTransport | None) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=transport, follow_redirects=False, trust_env=False, timeout=MAX_SECONDS)


async def _one(client: httpx.AsyncClient, url: str, resolve: Resolve) -> Page | str:
    """The page, or the URL that it redirects to."""
    parts = checked_url(url)
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    address = await public_address(host, port, resolve)
    literal = f"[{address}]" if address.version == 6 else str(address)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    named = f"[{host}]" if ":" in host else host
    request = client.build_request(
        "GET",
        f"{parts.scheme}://{literal}:{port}{path}",
        headers={**HEADERS, "host": named if parts.port is None else f"{named}:{port}"},
        extensions={"sni_hostname": host},
    )
    response = await client.send(request, stream=True)
    try:
        if response.is_redirect:
            return urljoin(url, str(response.headers.get("location", "")))
        return await _page(url, response)
    finally:
        await response.aclose()


async def _page(url: str, response: httpx.Response) -> Page:
    if response.status_code != httpx.codes.OK:
        raise FetchFailed(f"the server answered {response.status_code}")
    content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not content_type.startswith("text/"):
        raise FetchRefused(f"only text pages are read, not {content_type or 'a page without a content type'}")
    if response.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        raise FetchRefused("the server compressed the page although it was asked not to")
    body, cut = bytearray(), False
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > MAX_BYTES:
            cut = True
            break
    return Page(url, content_type, bytes(body[:MAX_BYTES]).decode(_charset(response), "replace"), cut)


def _charset(response: httpx.Response) -> str:
    """The declared charset where it is a plain one; UTF-8 else."""
    declared = (response.charset_encoding or "utf-8").lower()
    return declared if declared in {"utf-8", "iso-8859-1", "windows-1252", "us-ascii"} else "utf-8"
