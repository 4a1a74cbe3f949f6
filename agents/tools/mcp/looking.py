"""One look at a server, over a session of its own."""

import asyncio
from collections.abc import Mapping

from agents.secrets.placeholders import MissingSecret
from agents.tools.mcp.failures import LookFailed
from agents.tools.mcp.schemas import Seen
from agents.tools.mcp.servers import Endpoint
from agents.tools.mcp.session import ServerError, Session, SessionFailed


async def seen(endpoint: Endpoint, secrets: Mapping[str, str]) -> Seen:
    """Its tools by name, and what was left out of them. Raises LookFailed."""
    try:
        session = Session(endpoint.filled(secrets))
    except MissingSecret as missing:
        raise LookFailed(str(missing)) from missing
    try:
        async with asyncio.timeout(2 * endpoint.timeout_seconds):
            listing = await session.tools()
        return listing, listing.left_out
    except TimeoutError as late:
        raise LookFailed(f"It did not list its tools within {endpoint.timeout_seconds} s.") from late
    except (SessionFailed, ServerError) as failed:
        raise LookFailed(str(failed)) from failed
    finally:
        await session.close()
