"""Rows of servers and their tools: what is there now, and what is no longer what a person accepted."""

import pytest

from agents.contracts.specs import McpEndpoint
from agents.models import McpServer, McpTool
from agents.tools.mcp import rows
from agents.tools.mcp.failures import SchemaChanged
from agents.tools.mcp.schemas import SeenTool, seen_tool
from agents.tools.mcp.servers import KnownServers, UnknownServer
from tests.agents.tools.mcp.server import tools

pytestmark = pytest.mark.django_db
SEEN = {tool.name: tool for tool in map(seen_tool, tools())}
CHANGED = {tool.name: tool for tool in map(seen_tool, tools("address"))}


@pytest.fixture
def shelf() -> McpServer:
    """A server whose tools were seen, with echo accepted."""
    server = McpServer.objects.create(name="shelf", transport="stdio", command=["shelf"], made_by="op")
    rows.keep_listing(server=server, tools=SEEN)
    McpTool.objects.filter(name="echo").update(accepted_digest=SEEN["echo"].digest, accepted_by="op")
    return server


def echo() -> McpTool:
    """The accepted tool's row."""
    return McpTool.objects.get(name="echo")


def found(seen: SeenTool | None) -> SchemaChanged:
    """What a call found instead of the accepted tool."""
    return SchemaChanged(McpEndpoint(server="shelf", tool="echo", schema_digest="d"), seen)


def test_a_listing_makes_a_row_of_each_tool(shelf: McpServer) -> None:
    assert set(shelf.tools.values_list("name", flat=True)) == set(SEEN)
    assert echo().hints == {"readOnlyHint": True}
    assert not McpTool.objects.amiss().exists()
    shelf.refresh_from_db()
    assert shelf.looked_at is not None


def test_a_changed_schema_of_an_accepted_tool_is_an_alert_until_it_is_as_before(shelf: McpServer) -> None:
    rows.keep_listing(server=shelf, tools=CHANGED)
    assert [row.name for row in McpTool.objects.amiss()] == ["echo"]
    since = echo().changed_at
    rows.keep_listing(server=shelf, tools=CHANGED)
    assert echo().changed_at == since is not None
    rows.keep_listing(server=shelf, tools=SEEN)
    assert not McpTool.objects.amiss().exists()
    assert echo().changed_at is None


def test_a_vanished_tool_is_an_alert_when_it_was_accepted_and_leaves_when_not(shelf: McpServer) -> None:
    rows.keep_listing(server=shelf, tools={})
    assert [row.name for row in shelf.tools.all()] == ["echo"]
    assert [row.name for row in McpTool.objects.amiss()] == ["echo"]
    rows.keep_listing(server=shelf, tools=SEEN)
    assert not McpTool.objects.amiss().exists()


def test_what_a_call_finds_is_noted(shelf: McpServer) -> None:
    rows.note_change(found(CHANGED["echo"]))
    assert echo().changed
    assert echo().changed_at is not None
    rows.note_change(found(None))
    assert echo().gone_at is not None
    assert shelf.tools.count() == len(SEEN)


def test_what_was_left_out_and_what_failed_is_said(shelf: McpServer) -> None:
    rows.keep_listing(server=shelf, tools=SEEN, left_out=["'a': its schema is no object", "\x00"])
    shelf.refresh_from_db()
    assert shelf.error == "Left out: 'a': its schema is no object; \\u0000"
    rows.keep_failure(server=shelf, error="it ended")
    shelf.refresh_from_db()
    assert shelf.error == "it ended"
    assert shelf.tools.count() == len(SEEN)


def test_rows_are_read_again_after_two_seconds_and_a_server_that_is_off_is_unknown(shelf: McpServer) -> None:
    known = KnownServers()
    known.refresh()
    assert known.named("shelf").command == ("shelf",)
    McpServer.objects.update(enabled=False)
    known.refresh()
    assert known.named("shelf").transport == "stdio"
    known.forget()
    known.refresh()
    with pytest.raises(UnknownServer, match="There is no MCP server shelf, or it is switched off"):
        known.named("shelf")
    assert shelf.enabled
