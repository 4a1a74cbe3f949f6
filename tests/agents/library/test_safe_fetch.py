"""Pages are fetched from public addresses only, and no connection is made to any other."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from agents.contracts.calls import Call, ToolRefusal
from agents.library.search.page_text import page_text
from agents.library.search.safe_fetch import MAX_BYTES, FetchFailed, FetchRefused, Page, fetch
from agents.library.search.web import SWITCH, PageArguments, fetch_page

PUBLIC = "93.184.216.34"
HTML = {"content-type": "text/html; charset=utf-8"}
Handler = Callable[[httpx.Request], httpx.Response]


def html(text: str) -> httpx.Response:
    """A page that has not been read yet, as it comes from the network."""
    return httpx.Response(200, headers=HTML, stream=httpx.ByteStream(text.encode()))


class Web:
    """A stub of resolver and network; ``asked`` and ``connected`` record what was tried."""

    def __init__(self, handler: Handler | None = None, **hosts: list[str]) -> None:
        self.hosts = {name.replace("_", "."): addresses for name, addresses in hosts.items()}
        self.handler = handler or (lambda _request: html("hello"))
        self.asked: list[str] = []
        self.connected: list[httpx.Request] = []

    def get(self, url: str) -> Page:
        """Fetch through the stub."""
        return asyncio.run(fetch(url, resolve=self._resolve, transport=httpx.MockTransport(self._answer)))

    async def _resolve(self, host: str, port: int) -> list[str]:
        del port
        self.asked.append(host)
        return self.hosts.get(host, [host])

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.connected.append(request)
        return self.handler(request)


def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    web = Web(example_com=[PUBLIC])
    page = web.get("https://example.com/a?b=c")
    assert page == Page("https://example.com/a?b=c", "text/html", "hello", cut=False)
    (request,) = web.connected
    assert str(request.url) == f"https://{PUBLIC}/a?b=c"
    assert request.headers["host"] == "example.com"
    assert request.extensions["sni_hostname"] == "example.com"
    assert web.asked == ["example.com"]


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://user:pass@example.com/",
        "http://user@example.com/",
        "http://example.com:8080/",
        "http://example.com:22/",
        "http://example.com:99999/",
        "http://[::1/",
        "http:///path",
        "http://exa mple.com/",
        "http://example.com\\@10.0.0.1/",
        "http://ex\u0430mple.com/",
        "http://[fe80::1%25eth0]/",
        "http://example.com/" + "a" * 3_000,
    ],
)
def test_urls_that_must_not_be_fetched_are_not_even_resolved(url: str) -> None:
    web = Web(example_com=[PUBLIC])
    with pytest.raises(FetchRefused):
        web.get(url)
    assert (web.asked, web.connected) == ([], [])


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["169.254.169.254"],
        ["10.0.0.8"],
        ["::1"],
        ["::ffff:10.0.0.8"],
        ["64:ff9b::a00:8"],
        ["fe80::1%eth0"],
        [PUBLIC, "192.168.0.1"],
        ["192.168.0.1", PUBLIC],
    ],
)
def test_no_connection_is_made_to_a_host_with_any_private_address(addresses: list[str]) -> None:
    web = Web(inside_example=addresses)
    with pytest.raises(FetchRefused, match="not public"):
        web.get("http://inside.example/")
    assert web.connected == []


@pytest.mark.parametrize("host", ["127.0.0.1", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::1]"])
def test_no_connection_is_made_to_a_private_address_in_the_url(host: str) -> None:
    web = Web()
    with pytest.raises(FetchRefused, match="not public"):
        web.get(f"http://{host}/latest/meta-data/")
    assert web.connected == []


def test_each_redirect_is_checked_again() -> None:
    web = Web(
        lambda _request: httpx.Response(302, headers={"location": "http://inside.example/"}),
        example_com=[PUBLIC],
        inside_example=["10.0.0.1"],
    )
    with pytest.raises(FetchRefused, match="not public"):
        web.get("http://example.com/")
    assert [request.headers["host"] for request in web.connected] == ["example.com"]


def test_a_redirect_to_another_scheme_is_refused() -> None:
    web = Web(lambda _: httpx.Response(302, headers={"location": "file:///etc/passwd"}), example_com=[PUBLIC])
    with pytest.raises(FetchRefused, match="only http"):
        web.get("http://example.com/")


def test_three_redirects_are_followed_and_a_fourth_is_not() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        step = int(request.url.path.strip("/"))
        if step == 3:
            return html("there")
        return httpx.Response(301, headers={"location": f"/{step + 1}"})

    web = Web(handler, example_com=[PUBLIC])
    assert web.get("http://example.com/0").text == "there"
    with pytest.raises(FetchRefused, match="more than 3 times"):
        web.get("http://example.com/-1")
    assert len(web.connected) == 8


@pytest.mark.parametrize("content_type", ["application/pdf", "image/png", "application/json", ""])
def test_only_text_is_read(content_type: str) -> None:
    web = Web(lambda _: httpx.Response(200, headers={"content-type": content_type}), example_com=[PUBLIC])
    with pytest.raises(FetchRefused, match="only text"):
        web.get("http://example.com/")


def test_a_compressed_answer_is_refused() -> None:
    headers = {**HTML, "content-encoding": "gzip"}
    web = Web(lambda _: httpx.Response(200, headers=headers, stream=Endless(b"x")), example_com=[PUBLIC])
    with pytest.raises(FetchRefused, match="compressed"):
        web.get("http://example.com/")


class Endless(httpx.AsyncByteStream):
    """A page without end; ``sent`` counts its bytes."""

    def __init__(self, chunk: bytes) -> None:
        self.chunk = chunk
        self.sent = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            self.sent += len(self.chunk)
            yield self.chunk


def test_a_page_without_end_is_cut_at_two_megabytes() -> None:
    stream = Endless(b"x" * 65_536)
    web = Web(lambda _: httpx.Response(200, headers=HTML, stream=stream), example_com=[PUBLIC])
    page = web.get("http://example.com/")
    assert (len(page.text), page.cut) == (MAX_BYTES, True)
    assert stream.sent <= MAX_BYTES + 65_536


def test_a_server_error_and_a_dead_network_are_failures_not_refusals() -> None:
    def dead(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(FetchFailed, match="answered 500"):
        Web(lambda _: httpx.Response(500), example_com=[PUBLIC]).get("http://example.com/")
    with pytest.raises(FetchFailed, match="ConnectError"):
        Web(dead, example_com=[PUBLIC]).get("http://example.com/")


def test_the_tool_is_off_by_default(monkeypatch: pytest.MonkeyPatch, call: Call) -> None:
    monkeypatch.delenv(SWITCH, raising=False)
    with pytest.raises(ToolRefusal, match="switched off"):
        asyncio.run(fetch_page(PageArguments(url="http://example.com/"), call))


def test_the_tool_refuses_this_machine_when_it_is_on(monkeypatch: pytest.MonkeyPatch, call: Call) -> None:
    monkeypatch.setenv(SWITCH, "1")
    arguments = PageArguments.model_validate_json(json.dumps({"url": "http://127.0.0.1/"}))
    with pytest.raises(ToolRefusal, match="not public"):
        asyncio.run(fetch_page(arguments, call))


def test_the_text_of_a_page_leaves_out_what_nobody_reads() -> None:
    html = (
        "<html><head><title>A &amp; B</title><style>x{}</style></head><body><nav>menu</nav><h1>Head</h1>"
        "<p>One <b>two</b></p><script>alert('x')</script><ul><li>three<li>four</ul><p>five"
    )
    assert page_text(html) == ("A & B", "Head\nOne two\nthree\nfour\nfive")
