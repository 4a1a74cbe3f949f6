"""Where a tool may connect: nowhere inside, whatever its URL, its redirects or its resolver say."""

import asyncio
import ipaddress
import re

import httpx2
import pytest

from agents.tools.http.allowed import VARIABLE, BadEntry, entries_in, may_connect
from agents.tools.http.network import Forbidden, GuardedTransport, checked_addresses
from tests.agents.tools.http.calling import called, failed, link
from tests.agents.tools.http.far_end import FarEnd, moved, says
from tests.agents.tools.http.watch import Watch

INSIDE = (
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "0",
    "localhost",
    "LOCALHOST.",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[fc00::1]",
    "[fe80::1]",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "[fd00:ec2::254]",
    "100.100.100.200",
    "168.63.129.16",
    "224.0.0.1",
    "255.255.255.255",
)
TURNED_AWAY = re.compile("is no public address|has no address|cannot be understood")


@pytest.mark.parametrize("host", INSIDE)
def test_no_spelling_of_an_address_inside_is_connected_to(watch: Watch, host: str) -> None:
    for place in (host, f"{host}:{watch.port}"):
        error = failed(link(url=f"http://{place}/latest/meta-data", retries=0), effect="unkeyed")
        assert TURNED_AWAY.search(error.error)
        assert not error.maybe_happened
    assert watch.connections == 0


def test_the_watch_counts_who_comes(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, f"127.0.0.1:{watch.port},[::1]:{watch.port}")
    for host in ("127.0.0.1", "2130706433", "[::1]"):
        assert "broke off" in failed(link(url=f"http://{host}:{watch.port}/", retries=0)).error
    assert watch.connections == 3


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example@127.0.0.1/",
        "http://127.0.0.1\\@api.example/",
        "http://{host}/",
        "http://api.{host}/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "//127.0.0.1/",
        "http:///path",
        "http://127.0.0.1:99999/",
        "http://api.example/#{a}",
        "http://api.example/{",
        "http://api.example/a b",
    ],
)
def test_an_address_that_is_none_is_not_called(watch: Watch, url: str) -> None:
    error = failed(link(url=url), {"host": "127.0.0.1", "a": "b"})
    assert not error.maybe_happened
    assert watch.connections == 0


def test_a_redirect_inside_is_not_followed(watch: Watch, reachable: FarEnd) -> None:
    for host in INSIDE:
        reachable.on("/", moved(f"http://{host}:{watch.port}/"))
        assert TURNED_AWAY.search(failed(link(url=reachable.url, retries=0)).error)
    assert watch.connections == 0


@pytest.mark.parametrize("location", ["file:///etc/passwd", "http://[", "ftp://127.0.0.1/", "http://a@b/"])
def test_a_redirect_to_no_address_is_not_followed(reachable: FarEnd, location: str) -> None:
    assert "it redirects to" in failed(link(url=reachable.on("/", moved(location)).url)).error
    assert reachable.connections == 1


def test_redirects_within_the_endpoint_are_followed_three_times(reachable: FarEnd) -> None:
    reachable.on("/", moved("/1")).on("/1", moved("2")).on("/2", moved("/3")).on("/3", says("here"))
    assert called(link(url=reachable.url)) == "here"
    reachable.on("/3", moved("/4", 307))
    assert "more than 3 times" in failed(link(url=reachable.url)).error


def test_no_other_origin_sees_what_was_written_for_this_one(reachable: FarEnd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, f"127.0.0.1:{reachable.port},localhost:{reachable.port}")
    reachable.on("/", moved(f"http://localhost:{reachable.port}/there")).on("/there", says("here"))
    headers = {"Authorization": "Bearer {secret:TOKEN}", "X-Api-Key": "written-down", "Accept": "text/x-own"}
    assert called(link(url=reachable.url, headers=headers), TOKEN="canary") == "here"
    first, second = reachable.requests
    assert (first.headers["authorization"], first.headers["x-api-key"]) == ("Bearer canary", "written-down")
    assert not {"canary", "Bearer canary", "written-down", "text/x-own"} & set(second.headers.values())


def test_a_write_stays_with_its_endpoint(reachable: FarEnd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, f"127.0.0.1:{reachable.port},localhost:{reachable.port}")
    reachable.on("/", moved(f"http://localhost:{reachable.port}/there", 307))
    error = failed(link(method="POST", url=reachable.url), {"to": "ann"}, "unkeyed")
    assert error.error == "the endpoint cannot be used: it redirects a write to localhost"
    assert not error.maybe_happened
    reachable.on("/", moved("/there", 308)).on("/there", moved("/result", 303)).on("/result", says("done"))
    assert called(link(method="POST", url=reachable.url), {"to": "ann"}, "unkeyed") == "done"
    assert [request.method for request in reachable.requests] == ["POST", "POST", "POST", "GET"]


def test_a_write_whose_result_cannot_be_seen_may_have_happened(reachable: FarEnd) -> None:
    reachable.on("/", moved("http://10.0.0.1/result", 303))
    assert failed(link(method="POST", url=reachable.url), {"to": "ann"}, "unkeyed").maybe_happened


def test_the_address_that_was_checked_is_the_one_that_is_connected_to(
    watch: Watch, far: FarEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A resolver that says something else the second time, and a name with one address outside and one inside."""
    monkeypatch.setenv(VARIABLE, f"127.0.0.2:{watch.port}")
    answers = [["127.0.0.2"], ["127.0.0.1"]]

    async def rebinding(host: str, port: int) -> list[str]:
        del host, port
        return answers.pop(0)

    async def ask() -> None:
        async with httpx2.AsyncClient(transport=GuardedTransport(rebinding), trust_env=False) as client:
            with pytest.raises(httpx2.ConnectError):
                await client.get(f"http://re.bind.example:{watch.port}/")
            assert answers == [["127.0.0.1"]]
            with pytest.raises(Forbidden):
                await client.get(f"http://re.bind.example:{watch.port}/")

    asyncio.run(ask())

    async def mixed(host: str, port: int) -> list[str]:
        del host, port
        return ["93.184.215.14", "127.0.0.1"]

    with pytest.raises(Forbidden):
        asyncio.run(checked_addresses("mixed.example", 80, mixed))
    assert (watch.connections, far.connections) == (0, 0)


def test_a_public_host_is_reached_on_the_usual_ports_alone() -> None:
    async def public(host: str, port: int) -> list[str]:
        del host, port
        return ["93.184.215.14"]

    for port in (80, 443):
        assert len(asyncio.run(checked_addresses("api.example", port, public))) == 1
    for port in (22, 25, 6379, 8080):
        with pytest.raises(Forbidden):
            asyncio.run(checked_addresses("api.example", port, public))


@pytest.mark.parametrize(
    ("entries", "host", "port", "address", "may"),
    [
        ("intranet.example:8443", "intranet.example", 8443, "10.1.2.3", True),
        ("intranet.example:8443", "INTRANET.example.", 8443, "10.1.2.3", True),
        ("intranet.example:8443", "intranet.example", 443, "10.1.2.3", False),
        ("intranet.example:8443", "evil.intranet.example", 8443, "10.1.2.3", False),
        ("intranet.example", "intranet.example", 443, "10.1.2.3", True),
        ("intranet.example", "intranet.example", 8443, "93.184.215.14", False),
        ("*.corp.example:*", "a.b.corp.example", 9000, "10.1.2.3", True),
        ("*.corp.example:*", "corp.example", 9000, "10.1.2.3", False),
        ("*.corp.example", "evilcorp.example", 443, "10.1.2.3", False),
        ("10.0.0.0/8", "anything.example", 80, "10.1.2.3", True),
        ("10.0.0.0/8", "anything.example", 8080, "10.1.2.3", False),
        ("10.0.0.0/8:8080", "anything.example", 8080, "10.1.2.3", True),
        ("a.example, [fd00::]/8:8080", "anything.example", 8080, "fd00::1", True),
        ("fd00::/8", "anything.example", 443, "fd00:ec2::254", False),
        ("0.0.0.0/0:*", "anything.example", 80, "169.254.169.254", False),
        ("meta.example", "meta.example", 80, "169.254.169.254", False),
        ("169.254.169.254", "anything.example", 80, "169.254.169.254", True),
        ("", "anything.example", 443, "93.184.215.14", True),
    ],
)
def test_the_operators_list_says_what_else_may_be_reached(
    entries: str, host: str, port: int, address: str, may: bool
) -> None:
    assert may_connect(host, port, ipaddress.ip_address(address), entries_in(entries)) is may


@pytest.mark.parametrize(
    "entry", ["http://a.example", "a b", "10.0.0.0/33", "a.example:0", "a.example:99999", "*", "1.2.3"]
)
def test_an_entry_that_cannot_be_read_is_named_and_opens_nothing(entry: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadEntry, match=VARIABLE):
        entries_in(entry)
    monkeypatch.setenv(VARIABLE, entry)
    assert VARIABLE in failed(link(url="http://127.0.0.1/")).error
