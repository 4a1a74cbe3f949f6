"""What was seen of a server's tools, kept as rows; an accepted tool that changes or vanishes is an alert there."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import DatabaseError, transaction
from django.db.models.functions import Now

from agents.journal.gate import plain
from agents.models import McpServer, McpTool
from agents.secrets.redaction import known as secrets
from agents.tools.mcp.failures import SchemaChanged
from agents.tools.mcp.schemas import SeenTool
from budgets import clock

logger = logging.getLogger(__name__)
LONGEST_ERROR = 2_000
_SEEN = ["description", "input_schema", "output_schema", "hints", "digest", "changed_at", "gone_at"]


def keep_listing(*, server: McpServer, tools: Mapping[str, SeenTool], left_out: Sequence[str] = ()) -> None:
    """Make the rows say what a server lists now; what nobody has accepted and is gone leaves with its row."""
    at = clock.now()
    with transaction.atomic():
        known = {row.name: row for row in server.tools.select_for_update()}
        for name, tool in tools.items():
            if not secrets.matcher.holds(name):
                _keep(known.get(name) or McpTool(server=server, name=name), tool, at)
        gone = [row.pk for name, row in known.items() if name not in tools]
        server.tools.filter(pk__in=gone, accepted_digest="").delete()
        server.tools.filter(pk__in=gone, gone_at=None).update(gone_at=at)
        error = _kept_text("Left out: " + "; ".join(left_out))[:LONGEST_ERROR] if left_out else ""
        McpServer.objects.filter(pk=server.pk).update(looked_at=Now(), error=error)


def keep_failure(*, server: McpServer, error: str) -> None:
    """A server could not be looked at; what is known of its tools stays."""
    McpServer.objects.filter(pk=server.pk).update(looked_at=Now(), error=_kept_text(error)[:LONGEST_ERROR])


def note_change(changed: SchemaChanged) -> None:
    """A call found a tool that is not what was accepted: let everybody see it. The run goes on in any case."""
    try:
        with transaction.atomic():
            row = (
                McpTool.objects.select_for_update()
                .filter(server__name=changed.endpoint.server, name=changed.endpoint.tool)
                .first()
            )
            if row is None:
                return
            if changed.seen is not None:
                _keep(row, changed.seen, clock.now())
            elif row.gone_at is None:
                row.gone_at = clock.now()
                row.save(update_fields=["gone_at"])
    except DatabaseError as error:
        logger.warning("a changed tool of an MCP server could not be noted: %s", error)


def _keep(row: McpTool, tool: SeenTool, at: datetime) -> None:
    """A row says what was seen, and since when it is something else than what was accepted."""
    if row.pk and row.digest == tool.digest and row.gone_at is None:
        return
    changed = bool(row.accepted_digest) and row.accepted_digest != tool.digest
    if row.digest != tool.digest:
        row.changed_at = at if changed else None
    row.description = _kept_text(tool.description)
    row.input_schema = secrets.matcher.json(tool.input_schema)
    row.output_schema, row.hints = secrets.matcher.json(tool.output_schema), secrets.matcher.json(tool.hints)
    row.digest, row.gone_at = tool.digest, None
    row.save(update_fields=_SEEN if row.pk else None)


def _kept_text(said: str) -> str:
    """A stranger's text as a row may have it: a server knows the secrets that it was given, and may say them."""
    return plain(secrets.matcher.cut(said))
