"""`manage.py mcp`: from a server's name to a tool that an agent can have, with the real server as a program."""

import shlex
import sys
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from agents.models import McpServer, McpTool, Tool
from agents.tools.mcp.look import look_when_due
from budgets import clock
from tests.agents.tools.mcp import server

pytestmark = pytest.mark.django_db


def program(behaviour: str) -> str:
    """The test server as a command."""
    return shlex.join((sys.executable, "-I", "-S", server.__file__, behaviour, ""))


def said(*arguments: str) -> str:
    """What the command prints."""
    out = StringIO()
    call_command("mcp", *arguments, stdout=out)
    return out.getvalue().strip()


def test_from_a_program_to_a_tool_and_back() -> None:
    assert said("list").startswith("There is no MCP server")
    assert said("add", "shelf", "--command", program("well")).startswith("shelf is added.")
    assert said("look", "shelf") == f"shelf lists {len(server.NAMES)} tools."
    assert "shelf  echo  (pure)  Does echo." in said("tools", "shelf")
    assert said("accept", "shelf", "echo") == "echo of shelf is the tool echo now: pure, asks nobody."
    assert said("accept", "shelf", "send", "--as", "post") == (
        "send of shelf is the tool post now: unkeyed, asks for approval."
    )
    assert "shelf  echo  accepted  Does echo." in said("tools")
    McpTool.objects.filter(name="echo").update(digest="another")
    assert "! echo has changed since it was accepted" in said("list")
    assert said("remove", "shelf", "echo", "--reason", "unused") == "echo of shelf is not accepted any more."
    assert said("remove", "shelf", "--reason", "moved") == "shelf is removed."
    assert not Tool.objects.exists()


def test_a_server_that_does_not_start_is_said_and_kept() -> None:
    said("add", "shelf", "--command", program("dies_at_start"))
    with pytest.raises(CommandError, match="no licence found / ended with exit code 3"):
        said("look", "shelf")
    assert "no licence found" in said("list")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("look", "nobody"), "There is no MCP server nobody"),
        (("accept", "shelf", "nothing"), "was not seen to have a tool nothing"),
        (("remove", "shelf", "--reason", " "), "Give a reason"),
        (("add", "shelf", "--url", "https://a.example", "--header", "x"), "Write NAME=VALUE"),
        (("add", "other", "--command", "a 'b"), "The command cannot be read"),
        (("add", "shelf", "--url", "https://a.example"), "There is an MCP server shelf already"),
    ],
)
def test_what_cannot_be_done_is_one_line(arguments: tuple[str, ...], why: str) -> None:
    said("add", "shelf", "--command", program("well"))
    with pytest.raises(CommandError, match=why):
        said(*arguments)


def test_one_worker_looks_once_an_hour_at_servers_that_agents_can_use() -> None:
    said("add", "shelf", "--command", program("well"))
    assert not look_when_due()
    said("look", "shelf")
    said("accept", "shelf", "echo")
    assert not look_when_due()
    McpServer.objects.update(looked_at=clock.now() - timedelta(hours=2))
    McpTool.objects.filter(name="echo").update(digest="older")
    assert look_when_due()
    assert not look_when_due()
    assert not McpTool.objects.amiss().exists()
