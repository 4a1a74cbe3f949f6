"""The way from a chain to a tool of an MCP server, and what is prepared for it outside of the event loop."""

from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from importlib import import_module
from typing import cast

from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.calls import Call
from agents.contracts.specs import Implementation
from agents.tools.mcp.servers import known_servers

Exchange = Callable[[Implementation, JsonObject, Call, Mapping[str, str]], Awaitable[JsonValue]]


def prepare(link: Implementation) -> None:
    """Have at hand what a call on the loop needs: rows, and the SDK, which takes most of a second to import."""
    if link.kind == "mcp":
        known_servers.refresh()
        _exchange()


async def mcp_call(link: Implementation, arguments: JsonObject, call: Call, secrets: Mapping[str, str]) -> JsonValue:
    """The tool's output, plain JSON. Raises ToolRefusal or ImplementationFailed; cancelling it tells the server."""
    return await _exchange()(link, arguments, call, secrets)


async def close_sessions() -> None:
    """End this loop's sessions, if there ever were any."""
    if _exchange.cache_info().currsize:
        closing: Callable[[], Awaitable[None]] = import_module("agents.tools.mcp.pool").close_sessions
        await closing()


@cache
def _exchange() -> Exchange:
    return cast(Exchange, import_module("agents.tools.mcp.exchange").exchange)
