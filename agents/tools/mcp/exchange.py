"""One call over a session: never of a tool whose schema is another than the one that was accepted."""

import asyncio
import json
from collections.abc import Mapping

from mcp.types import INVALID_PARAMS, METHOD_NOT_FOUND
from pydantic import JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.calls import Call, ToolRefusal
from agents.contracts.specs import Implementation, McpEndpoint
from agents.edge import when_cut
from agents.engine.ports import ImplementationFailed
from agents.secrets.placeholders import MissingSecret
from agents.tools.mcp.failures import SchemaChanged
from agents.tools.mcp.pool import Full, sessions
from agents.tools.mcp.results import value_of
from agents.tools.mcp.sending import SENDING, Sending
from agents.tools.mcp.servers import UnknownServer, known_servers
from agents.tools.mcp.session import ServerError, Session, SessionFailed, SessionForgotten


async def exchange(link: Implementation, arguments: JsonObject, call: Call, secrets: Mapping[str, str]) -> JsonValue:
    """As `agents.tools.mcp.call.mcp_call`."""
    endpoint, sending = link.mcp, Sending()
    if endpoint is None:
        raise ImplementationFailed(f"{link.name} names no tool of an MCP server")
    when_cut(sending.hang_up)
    try:
        async with asyncio.timeout(link.timeout_seconds):
            return value_of(await _result(endpoint, arguments, call, secrets, sending))
    except TimeoutError as late:
        raise ImplementationFailed(
            f"no answer within {link.timeout_seconds:g} s", timed_out=True, maybe_happened=sending.sent
        ) from late
    except ServerError as error:
        raise _as_said(endpoint.server, error, sending) from error
    except SessionFailed as lost:
        raise ImplementationFailed(f"{endpoint.server}: {lost}", maybe_happened=sending.sent) from lost
    except ValueError as error:
        raise ImplementationFailed(f"{endpoint.server}: its answer is no JSON", maybe_happened=True) from error
    finally:
        sending.hang_up()


async def _result(
    endpoint: McpEndpoint, arguments: JsonObject, call: Call, secrets: Mapping[str, str], sending: Sending
) -> JsonObject:
    """The server's result; sent again over a new session when the server had forgotten the old one."""
    try:
        return await _once(_session(endpoint, secrets), endpoint, arguments, call, sending)
    except SessionForgotten:
        sending.sent = False
        return await _once(_session(endpoint, secrets), endpoint, arguments, call, sending)


def _session(endpoint: McpEndpoint, secrets: Mapping[str, str]) -> Session:
    try:
        return sessions().of(known_servers.named(endpoint.server), secrets)
    except (UnknownServer, MissingSecret) as missing:
        raise ImplementationFailed(str(missing)) from missing
    except Full as full:
        raise ImplementationFailed("every session with MCP servers that a worker may hold is in use") from full


async def _once(
    session: Session, endpoint: McpEndpoint, arguments: JsonObject, call: Call, sending: Sending
) -> JsonObject:
    """Look at the schema, then call. Raises SchemaChanged, and what a session raises."""
    seen = (await session.tools()).get(endpoint.tool)
    if seen is None or seen.digest != endpoint.schema_digest:
        raise SchemaChanged(endpoint, seen)
    _sendable(arguments)
    before = SENDING.set(sending)
    try:
        result = await session.call(endpoint.tool, arguments, call.key)
    finally:
        SENDING.reset(before)
    if result.get("resultType", "complete") != "complete":
        raise ImplementationFailed(f"{endpoint.server}: it asks for input, and a run has nobody to ask")
    return result


def _sendable(arguments: JsonObject) -> None:
    try:
        json.dumps(arguments, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise ToolRefusal("The arguments hold half a character, which cannot be sent.") from error


def _as_said(server: str, error: ServerError, sending: Sending) -> ToolRefusal | ImplementationFailed:
    """The protocol's own errors: wrong arguments are the LLM's to mend, anything else is the server's failure."""
    if error.code == INVALID_PARAMS and sending.sent:
        return ToolRefusal(str(error))
    happened = sending.sent and error.code != METHOD_NOT_FOUND
    return ImplementationFailed(f"{server}: {error}", maybe_happened=happened)
