"""Servers behind an address: the same calls, and what networks and strangers do is the failure of one call."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.edge import Edge, KillSwitch
from agents.engine.ports import ImplementationFailed, Interrupted
from agents.tools.http.allowed import VARIABLE
from agents.tools.mcp.call import close_sessions, mcp_call
from agents.tools.mcp.servers import Endpoint
from tests.agents.tools.mcp.at_address import DIGESTS, Shelf, shelf_at_address
from tests.agents.tools.mcp.calls import CALL, known, link, on_a_loop


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    """A server that the operator lets tools call."""
    with shelf_at_address() as at:
        monkeypatch.setenv(VARIABLE, f"127.0.0.1:{at.port}")
        known(monkeypatch, address(at.url))
        yield at


def address(url: str) -> Endpoint:
    """A server behind an address, with a secret in a header."""
    headers = {"authorization": "Bearer {secret:SHELF}"}
    return Endpoint(name="shelf", transport="http", url=url, headers=headers, timeout_seconds=5)


async def called(tool: str, *, seconds: float = 10.0, secret: str = "s3cret") -> JsonValue:
    """One call."""
    there = link(tool, seconds=seconds, digest=DIGESTS[tool])
    return await mcp_call(there, {"text": "tea"}, CALL, {"SHELF": secret})


def one(tool: str, *, seconds: float = 10.0, secret: str = "s3cret") -> JsonValue:
    """A single call on a loop of its own."""
    return on_a_loop(lambda: called(tool, seconds=seconds, secret=secret))


def test_a_call_carries_its_key_and_its_secret(shelf: Shelf) -> None:
    assert one("echo") == {"text": "tea", "key": CALL.key}
    assert {headers["authorization"] for _, headers in shelf.requests} == {"Bearer s3cret"}


def test_an_answer_may_come_as_a_stream_of_events(shelf: Shelf) -> None:
    assert one("stream") == "tea"
    assert shelf.methods().count("initialize") == 1


def test_many_calls_share_a_session(shelf: Shelf) -> None:
    async def many() -> list[JsonValue]:
        return await asyncio.gather(*(called("echo") for _ in range(15)))

    expected: JsonObject = {"text": "tea", "key": CALL.key}
    assert on_a_loop(many) == [expected] * 15
    assert shelf.methods().count("initialize") == 1


def test_a_session_that_the_server_forgot_is_opened_again_and_the_call_made_once(shelf: Shelf) -> None:
    async def forgotten() -> JsonValue:
        await called("echo")
        shelf.session = "s2"
        return await called("stream")

    assert on_a_loop(forgotten) == "tea"
    assert shelf.methods().count("initialize") == 2


@pytest.mark.parametrize(
    ("tool", "said"),
    [
        ("page", "Unexpected content type: text/html"),
        ("broken", "it answered 500"),
        ("large", "its answer has more than 8 MB"),
        ("bomb", "it compressed its answer"),
        ("flood", "it floods: more than 2,000 messages"),
        ("elsewhere", "Redirect to http://169.254.169.254/latest/ not followed"),
        ("cut", "it could not be reached: RemoteProtocolError"),
        ("half", "JSON"),
    ],
)
def test_an_answer_that_is_none_fails_this_call_and_no_other(shelf: Shelf, tool: str, said: str) -> None:
    async def beside() -> tuple[str, JsonValue]:
        waiting = asyncio.create_task(called("hang"))
        await asyncio.to_thread(shelf.arrived.wait, 10)
        with pytest.raises(ImplementationFailed) as failed:
            await called(tool)
        assert failed.value.maybe_happened
        after = await called("echo")
        assert tool == "flood" or not waiting.done()
        waiting.cancel()
        return failed.value.error, after

    error, after = on_a_loop(beside)
    assert said in error
    assert after == {"text": "tea", "key": CALL.key}
    assert shelf.methods().count("initialize") == (2 if tool == "flood" else 1)


def test_a_late_call_hangs_up_and_is_cancelled_at_the_server(shelf: Shelf) -> None:
    async def work() -> None:
        with pytest.raises(ImplementationFailed, match=r"no answer within 0.3 s") as late:
            await called("hang", seconds=0.3)
        assert late.value.timed_out
        assert late.value.maybe_happened
        await called("echo")

    on_a_loop(work)
    assert shelf.hung_up.wait(60)
    assert "notifications/cancelled" in shelf.methods()


def test_a_server_that_is_deaf_to_notices_harms_nobody_for_long(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.tools.mcp.streamable.NOTICE_SECONDS", 0.2)

    async def work() -> JsonValue:
        await called("echo")
        shelf.deaf = True
        with pytest.raises(ImplementationFailed):
            await called("hang", seconds=0.1)
        return await called("echo")

    assert on_a_loop(work) == {"text": "tea", "key": CALL.key}


def test_a_kill_closes_the_socket_of_the_very_call(shelf: Shelf) -> None:
    edge, switch, cut = Edge(), KillSwitch(), threading.Event()
    edge.start()

    def killed() -> None:
        with pytest.raises(Interrupted):
            edge.run(called("hang"), switch)
        cut.set()

    run = threading.Thread(target=killed)
    run.start()
    assert shelf.arrived.wait(60)
    switch.throw()
    assert cut.wait(60)
    assert shelf.hung_up.wait(60)
    assert edge.run(called("echo"), KillSwitch()) == {"text": "tea", "key": CALL.key}
    edge.run(close_sessions(), KillSwitch())
    edge.stop()
    edge.loop.close()
    run.join(60)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:{port}/mcp", "http://localhost:{port}/mcp", "http://169.254.169.254/mcp"]
)
def test_no_server_at_an_address_inside_is_called(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    with shelf_at_address() as shelf:
        monkeypatch.delenv(VARIABLE, raising=False)
        known(monkeypatch, address(url.format(port=shelf.port)))
        with pytest.raises(ImplementationFailed, match="is no public address") as failed:
            one("echo")
        assert not failed.value.maybe_happened
        assert shelf.requests == []


def test_a_server_that_is_not_there_was_not_sent_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "127.0.0.1:1")
    known(monkeypatch, address("http://127.0.0.1:1/mcp"))
    with pytest.raises(ImplementationFailed, match="it could not be reached: ConnectError") as failed:
        one("echo")
    assert not failed.value.maybe_happened


def test_a_secret_that_makes_no_header_is_not_told(shelf: Shelf) -> None:
    with pytest.raises(ImplementationFailed) as failed:
        one("echo", secret="s3cret\nx: y")
    assert "s3cret" not in failed.value.error
    assert shelf.requests == []
