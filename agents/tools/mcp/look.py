"""Looking at a server from outside of a run: what it lists is kept, by whoever asks and by workers every hour."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from datetime import timedelta
from importlib import import_module
from typing import Any

from django.db.models import Q
from django.db.models.functions import Now

from agents.models import McpServer, McpTool
from agents.secrets.vault import OF_ALL, vault
from agents.tools.mcp.failures import LookFailed
from agents.tools.mcp.rows import keep_failure, keep_listing
from agents.tools.mcp.schemas import Seen
from agents.tools.mcp.servers import Endpoint
from budgets import actions, clock

logger = logging.getLogger(__name__)
EVERY = timedelta(hours=1)


def look(*, server: McpServer, actor: str = "") -> int:
    """Start or call a server, list its tools, keep them; returns how many. Raises LookFailed, which is kept too.

    It takes as long as the server may take to start, and its list as long again. A look is nobody's: only secrets of
    all tenants are filled in. ``actor`` "" is a worker.
    """
    if actor:
        actions.note(actor=actor, verb="mcp.look", target=f"MCP server {server.name}")
    # The SDK takes most of a second to import: only those who look pay for it.
    seen: Callable[[Endpoint, Mapping[str, str]], Coroutine[Any, Any, Seen]] = import_module(
        "agents.tools.mcp.looking"
    ).seen
    try:
        tools, left_out = asyncio.run(seen(Endpoint.of(server), vault.of_tenant(OF_ALL)))
    except LookFailed as failed:
        keep_failure(server=server, error=str(failed))
        raise
    keep_listing(server=server, tools=tools, left_out=left_out)
    return len(tools)


def look_when_due() -> bool:
    """Look at one server with accepted tools that nobody has looked at for an hour, unless another worker does."""
    due = Q(looked_at=None) | Q(looked_at__lt=clock.now() - EVERY)
    chosen = McpTool.objects.accepted().values("server")
    server = McpServer.objects.filter(due, enabled=True, pk__in=chosen).order_by("looked_at").first()
    if server is None:
        return False
    if not McpServer.objects.filter(pk=server.pk, looked_at=server.looked_at).update(looked_at=Now()):
        return False
    try:
        look(server=server)
    except LookFailed as failed:
        logger.warning("the MCP server %s could not be looked at: %s", server.name, failed)
    return True
