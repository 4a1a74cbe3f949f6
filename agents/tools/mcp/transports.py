"""The way to a server: pipes to a program, or streamable HTTP."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from mcp.client._transport import TransportStreams

from agents.tools.mcp.servers import Endpoint
from agents.tools.mcp.stdio import program_streams
from agents.tools.mcp.streamable import address_streams
from agents.tools.mcp.trouble import Trouble


@asynccontextmanager
async def streams_of(endpoint: Endpoint, trouble: Trouble) -> AsyncGenerator[TransportStreams]:
    """The SDK's two streams to a server whose secrets are filled in; ``trouble`` hears why they end."""
    if endpoint.transport == "http":
        opening = address_streams(endpoint, trouble)
    else:
        opening = program_streams(endpoint.command, endpoint.environment, trouble)
    async with opening as streams:
        yield streams
