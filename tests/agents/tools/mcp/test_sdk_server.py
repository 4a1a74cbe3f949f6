"""Servers made with the official SDK, as programs and behind an address: found, called, refused, ended."""

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.calls import ToolRefusal
from agents.contracts.specs import Implementation, McpEndpoint
from agents.tools.http.allowed import VARIABLE
from agents.tools.mcp.call import mcp_call
from agents.tools.mcp.looking import seen
from agents.tools.mcp.servers import Endpoint
from tests.agents.tools.mcp import sdk_server
from tests.agents.tools.mcp.calls import CALL, known, on_a_loop

PATIENCE_SECONDS = 40.0


def free_port() -> int:
    """A port of the loopback that nobody has."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture(params=["stdio", "http"])
def endpoint(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    """The server by either way."""
    command = (sys.executable, sdk_server.__file__)
    if request.param == "stdio":
        yield Endpoint(name="shelf", transport="stdio", command=command, timeout_seconds=40)
        return
    port = free_port()
    monkeypatch.setenv(VARIABLE, f"127.0.0.1:{port}")
    process = subprocess.Popen((*command, str(port)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until_it_listens(process, port)
        yield Endpoint(name="shelf", transport="http", url=f"http://127.0.0.1:{port}/mcp", timeout_seconds=40)
    finally:
        process.kill()
        process.wait(60)


def until_it_listens(process: subprocess.Popen[bytes], port: int) -> None:
    """Wait until somebody takes connections there."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        assert process.poll() is None
        with socket.socket() as line:
            if line.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the server does not listen")


def test_its_tools_are_found_and_called_and_its_no_is_heard(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(monkeypatch, endpoint)

    async def work() -> JsonValue:
        tools, left_out = await seen(endpoint, {})
        assert (set(tools), left_out) == ({"add", "fail"}, [])

        async def called(tool: str, arguments: JsonObject) -> JsonValue:
            there = McpEndpoint(server="shelf", tool=tool, schema_digest=tools[tool].digest)
            link = Implementation(name="shelf", kind="mcp", mcp=there, timeout_seconds=PATIENCE_SECONDS)
            return await mcp_call(link, arguments, CALL, {})

        with pytest.raises(ToolRefusal, match="Error executing tool fail"):
            await called("fail", {"text": "no"})
        return list[JsonValue](await asyncio.gather(*(called("add", {"a": number, "b": 1}) for number in range(3))))

    assert on_a_loop(work) == [{"result": 1}, {"result": 2}, {"result": 3}]
