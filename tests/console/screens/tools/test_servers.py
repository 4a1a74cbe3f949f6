"""MCP servers on a page: what changed, having them looked at, and accepting what was shown."""

import pytest
from django.test import Client

from agents.models import McpServer, McpTool, Tool
from tests.console.conftest import SignedIn

pytestmark = pytest.mark.usefixtures("acme")

SERVERS = "/t/acme/tools/-/servers/"
SCHEMA = {"type": "object", "properties": {"path": {"type": "string", "description": "Where it lies."}}}


@pytest.fixture
def server(db: None) -> McpServer:  # noqa: ARG001
    """One that lists a tool which is not what was accepted, behind an address with a key."""
    made = McpServer.objects.create(
        name="files",
        transport="http",
        url="https://files.example.com/mcp?key=k-1",
        headers={"X": "y-2"},
        made_by="admin",
    )
    seen = {"description": "Reads.", "input_schema": SCHEMA, "digest": "b", "accepted_digest": "a"}
    McpTool.objects.create(server=made, name="read", **seen)
    return made


def test_a_server_is_shown_with_what_changed_and_no_secret(acme_viewer: Client, server: McpServer) -> None:
    page = acme_viewer.get(SERVERS).content.decode()
    for words in (server.name, "files.example.com", "changed", "to be looked at"):
        assert words in page
    assert "k-1" not in page
    assert "y-2" not in page
    assert "Accept…" not in page


def test_what_was_shown_is_accepted_with_a_reason(signed_in: SignedIn, server: McpServer) -> None:
    admin, tool = signed_in("admin"), server.tools.get()
    address = f"{SERVERS}tools/{tool.pk}/accept/"
    assert "Where it lies." in admin.get(address).content.decode()
    assert admin.post(address, {"digest": "b"}).status_code == 422
    assert admin.post(address, {"digest": "older", "reason": "It is fine."}).status_code == 422
    assert admin.post(address, {"digest": "b", "reason": "It is fine."}).status_code == 302
    tool.refresh_from_db()
    assert (tool.accepted_digest, tool.accepted_by) == ("b", "admin")
    assert Tool.objects.get().to_spec().parameters == SCHEMA


def test_a_worker_is_asked_to_look_again(signed_in: SignedIn, server: McpServer) -> None:
    McpServer.objects.update(looked_at=server.made_at)
    assert signed_in("admin").post(f"{SERVERS}{server.pk}/look/").status_code == 302
    server.refresh_from_db()
    assert server.looked_at is None


@pytest.mark.parametrize("username", ["acme_operator", "acme_admin"])
def test_only_the_platform_has_a_word_on_servers(username: str, signed_in: SignedIn, server: McpServer) -> None:
    client, tool = signed_in(username), server.tools.get()
    for address in (f"{SERVERS}{server.pk}/look/", f"{SERVERS}tools/{tool.pk}/accept/"):
        assert client.post(address, {"digest": "b", "reason": "why"}).status_code == 403
    assert not Tool.objects.exists()
