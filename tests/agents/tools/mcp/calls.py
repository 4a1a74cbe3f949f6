"""What the tests of MCP tools share: a server's endpoint, links to its tools, and calls on a loop of their own."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TypeVar

import pytest
from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.calls import Call
from agents.contracts.specs import Implementation, McpEndpoint
from agents.tools.mcp.call import close_sessions, mcp_call
from agents.tools.mcp.schemas import seen_tool
from agents.tools.mcp.servers import Endpoint, KnownServers
from tests.agents.tools.mcp import server

Result = TypeVar("Result")
CALL = Call(run_id="run", tenant="acme", call_id="c1", key="k" * 64)
DIGESTS = {str(each["name"]): seen_tool(each).digest for each in server.tools()}


def program(behaviour: str = "", notes: Path | None = None, **fields: object) -> Endpoint:
    """The test server as a program."""
    command = (sys.executable, "-I", "-S", server.__file__, behaviour, str(notes or ""))
    return Endpoint.model_validate({"name": "shelf", "transport": "stdio", "command": command, **fields})


def known(patch: pytest.MonkeyPatch, *endpoints: Endpoint) -> None:
    """Let these be the servers that rows name."""
    patch.setattr(KnownServers, "named", lambda _self, name: {each.name: each for each in endpoints}[name])


def link(tool: str, *, seconds: float = 20.0, digest: str = "", name: str = "shelf") -> Implementation:
    """A link to one of its tools, with the schema that it has when nobody has changed it."""
    endpoint = McpEndpoint(server=name, tool=tool, schema_digest=digest or DIGESTS[tool])
    return Implementation(name="shelf", kind="mcp", mcp=endpoint, timeout_seconds=seconds)


async def called(
    tool: str, arguments: JsonObject, *, secrets: Mapping[str, str] | None = None, seconds: float = 20.0
) -> JsonValue:
    """One call."""
    return await mcp_call(link(tool, seconds=seconds), arguments, CALL, secrets or {})


def on_a_loop(work: Callable[[], Awaitable[Result]]) -> Result:
    """Work on a loop whose sessions are closed afterwards."""

    async def run() -> Result:
        try:
            return await work()
        finally:
            await close_sessions()

    return asyncio.run(run())


def one(
    tool: str, arguments: JsonObject, *, secrets: Mapping[str, str] | None = None, seconds: float = 20.0
) -> JsonValue:
    """A single call."""
    return on_a_loop(lambda: called(tool, arguments, secrets=secrets, seconds=seconds))


def hang(notes: str) -> None:
    """A worker in miniature that calls a tool which never answers, for a test that kills it."""
    with pytest.MonkeyPatch.context() as patch:
        known(patch, program("leaves_a_child", notes=Path(notes)))
        one("hang", {}, seconds=60)
