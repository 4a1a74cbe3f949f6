"""Runs whose chains have a tool of an MCP server, as a real process: its faults cost a detail, never the run."""

import sys
from collections.abc import Iterator

import pytest
from pydantic import JsonValue

from agents import runtime
from agents.contracts.calls import Call
from agents.contracts.specs import AgentSpec, Effect, Implementation, McpEndpoint, ToolSpec
from agents.library.sync import keep_version
from agents.lifecycle import launch
from agents.llms import registry
from agents.models import EventRow, McpServer, McpTool, Run
from agents.tools.define import Arguments, implementation
from agents.tools.mcp import rows
from agents.tools.mcp.schemas import seen_tool
from agents.tools.mcp.servers import known_servers
from tests.agents.conftest import LLM, Office
from tests.agents.engine.doubles import asks, call, says
from tests.agents.tools.mcp import server
from tests.agents.workers import WrittenLLM, take_up, worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_redis", "sender")]
SEEN = {tool.name: tool for tool in map(seen_tool, server.tools())}


class Words(Arguments):
    """What every link takes."""

    text: str


async def down(_arguments: Words, _call: Call) -> JsonValue:
    """Fails always."""
    raise ConnectionError("down")


async def spare(arguments: Words, _call: Call) -> JsonValue:
    """Serves always."""
    return {"text": arguments.text, "by": "spare"}


def shelf(tool: str, *, digest: str = "") -> Implementation:
    """A link to a tool of the server."""
    endpoint = McpEndpoint(server="shelf", tool=tool, schema_digest=digest or SEEN[tool].digest)
    return Implementation(name="shelf", kind="mcp", mcp=endpoint, timeout_seconds=10)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Iterator[runtime.Runtime]:
    """A worker, and a server whose tool echo a person has accepted."""
    command = [sys.executable, "-I", "-S", server.__file__, "well", ""]
    row = McpServer.objects.create(name="shelf", transport="stdio", command=command, made_by="op")
    rows.keep_listing(server=row, tools=SEEN)
    McpTool.objects.filter(name="echo").update(accepted_digest=SEEN["echo"].digest)
    known_servers.forget()
    with worker("one") as at:
        monkeypatch.setattr(runtime, "current", lambda: at)
        yield at


def ran(
    at: runtime.Runtime,
    office: Office,
    patch: pytest.MonkeyPatch,
    chain: tuple[Implementation, ...],
    effect: Effect = "pure",
) -> Run:
    """A run that makes one call along a chain."""
    tool = ToolSpec(
        name="ask",
        description="Ask.",
        parameters=Words.model_json_schema(),
        implementations=chain,
        effect=effect,
    )
    spec = AgentSpec(
        name="tester", title="T", purpose="Is tested.", system_prompt="You are tested.", llms=(LLM,), tools=(tool,)
    )
    keep_version(spec=spec)
    office.agent.refresh_from_db()
    written = WrittenLLM([asks(call("ask", text="tea")), says("This is all: the tool ask is unavailable.")])
    patch.setattr(registry, "resolve", lambda _reference: written)
    run = launch(tenant=office.tenant, surface=office.surface, agent=office.agent, task="Ask.", actor="acme_operator")
    working = take_up(at, run.id)
    assert working is not None
    working.go()
    run.refresh_from_db()
    return run


def attempts(run: Run) -> list[tuple[str, str, str]]:
    """Link, status and error of each attempt."""
    ended = EventRow.objects.filter(run=run, kind="attempt.ended").order_by("seq")
    return [(row.data["implementation"], row.data["status"], row.data["error"]) for row in ended]


def test_a_servers_tool_serves_where_the_first_link_fails(
    at: runtime.Runtime, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ran(at, office, monkeypatch, (implementation(down), shelf("echo")))
    assert run.state == "completed"
    assert [(link, status) for link, status, _ in attempts(run)] == [("down", "failed"), ("shelf", "ok")]
    assert run.steps.get(kind="tool").output["result"]["content"]["text"] == "tea"


def test_a_changed_tool_is_not_called_the_chain_goes_on_and_everybody_can_see_it(
    at: runtime.Runtime, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    McpTool.objects.filter(name="echo").update(accepted_digest="older", digest="older")
    run = ran(at, office, monkeypatch, (implementation(down), shelf("echo", digest="older"), implementation(spare)))
    assert run.state == "completed"
    changed = "echo of shelf was not called: its schema has changed since it was accepted"
    assert attempts(run)[1:] == [("shelf", "failed", changed), ("spare", "ok", "")]
    assert [row.name for row in McpTool.objects.amiss()] == ["echo"]


def test_a_server_that_dies_degrades_the_tool_and_not_the_run(
    at: runtime.Runtime, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ran(at, office, monkeypatch, (implementation(down), shelf("die")))
    assert run.state == "degraded"
    assert "out of memory / ended with exit code 9" in attempts(run)[1][2]


def test_a_write_that_was_cut_waits_for_a_persons_word(
    at: runtime.Runtime, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents.tools.boundary.validate", lambda _tool, asked: asked.arguments)
    run = ran(at, office, monkeypatch, (shelf("die"),), effect="unkeyed")
    assert run.state == "waiting_resolution"
    assert run.effects.get().state == "unknown"


def test_a_write_that_was_never_sent_did_not_happen(
    at: runtime.Runtime, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents.tools.boundary.validate", lambda _tool, asked: asked.arguments)
    McpServer.objects.update(command=["no-such-program"])
    run = ran(at, office, monkeypatch, (shelf("send"),), effect="unkeyed")
    assert run.state == "degraded"
    assert run.effects.get().state == "failed"
