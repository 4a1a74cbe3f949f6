"""What people do with servers, each act a row; and what is made of a stranger's hints."""

import pytest

from agents.contracts.specs import McpEndpoint
from agents.models import McpServer, McpTool, Tool
from agents.tools.mcp import rows
from agents.tools.mcp.schemas import seen_tool
from agents.tools.mcp.verbs import McpRefused, accept, add_server, remove_server, withdraw
from budgets.models import Action
from tests.agents.tools.mcp.server import tools

pytestmark = pytest.mark.django_db
SEEN = {tool.name: tool for tool in map(seen_tool, tools())}
CHANGED = {tool.name: tool for tool in map(seen_tool, tools("address"))}


@pytest.fixture
def shelf() -> McpServer:
    """A server whose tools were seen."""
    server = add_server(name="shelf", command=["shelf"], environment={"TOKEN": "{secret:SHELF}"}, actor="op")
    rows.keep_listing(server=server, tools=SEEN)
    return server


def row(name: str) -> McpTool:
    """A tool's row."""
    return McpTool.objects.select_related("server").get(name=name)


def accepted(name: str) -> Tool:
    """A tool, accepted as it is."""
    return accept(tool=row(name), digest=row(name).digest, actor="op")


def last() -> Action:
    """The act that was noted last."""
    return Action.objects.order_by("pk")[Action.objects.count() - 1]


def test_a_tool_that_says_it_only_reads_is_pure_and_asks_nobody(shelf: McpServer) -> None:
    spec = accepted("echo").to_spec()
    assert (spec.name, spec.effect, spec.needs_approval) == ("echo", "pure", False)
    assert spec.parameters == SEEN["echo"].input_schema
    assert spec.implementations[0].mcp == McpEndpoint(server="shelf", tool="echo", schema_digest=SEEN["echo"].digest)
    assert last().verb == "mcp.accept"
    assert shelf.tools.accepted().count() == 1


def test_a_hint_of_idempotence_makes_no_tool_keyed(shelf: McpServer) -> None:
    spec = accepted("send").to_spec()
    assert row("send").hints["idempotentHint"] is True
    assert (spec.effect, spec.needs_approval) == ("unkeyed", True)
    assert shelf.name in str(last().target)


def test_a_person_may_know_better(shelf: McpServer) -> None:
    tool = row("send")
    kept = accept(tool=tool, digest=tool.digest, actor="op", effect="keyed", needs_approval=False, name="post")
    assert (kept.name, kept.to_spec().effect, kept.to_spec().needs_approval) == ("post", "keyed", False)
    assert last().after["effect"] == "keyed"
    assert shelf.tools.get(name="send").accepted_by == "op"


def test_what_has_changed_since_it_was_seen_is_not_accepted(shelf: McpServer) -> None:
    seen = row("echo")
    rows.keep_listing(server=shelf, tools=CHANGED)
    with pytest.raises(McpRefused, match="is not what you saw any more"):
        accept(tool=seen, digest=seen.digest, actor="op")
    assert not Tool.objects.exists()


def test_a_changed_tool_is_accepted_anew_under_its_old_name(shelf: McpServer) -> None:
    tool = row("echo")
    accept(tool=tool, digest=tool.digest, actor="op", name="say")
    rows.keep_listing(server=shelf, tools=CHANGED)
    assert McpTool.objects.amiss().count() == 1
    kept = accepted("echo")
    assert kept.name == "say"
    assert kept.to_spec().parameters == CHANGED["echo"].input_schema
    assert Tool.objects.count() == 1
    assert not McpTool.objects.amiss().exists()


def test_a_name_that_is_taken_gets_the_servers_before_it(shelf: McpServer) -> None:
    accepted("echo")
    other = add_server(name="attic", url="https://attic.example/mcp", actor="op")
    rows.keep_listing(server=other, tools={"echo": SEEN["echo"]})
    tool = other.tools.select_related("server").get()
    assert accept(tool=tool, digest=tool.digest, actor="op").name == "attic_echo"
    assert shelf.tools.accepted().count() == 1


@pytest.mark.parametrize(("name", "why"), [("send", "another tool send already"), ("a b", "A tool's name has")])
def test_no_other_tool_is_replaced(shelf: McpServer, name: str, why: str) -> None:
    accepted("send")
    tool = row("echo")
    with pytest.raises(McpRefused, match=why):
        accept(tool=tool, digest=tool.digest, actor="op", name=name)
    assert shelf.tools.accepted().count() == 1


def test_what_is_withdrawn_leaves_the_catalogue(shelf: McpServer) -> None:
    accepted("echo")
    assert withdraw(tool=row("echo"), actor="op", reason="unused")
    assert not Tool.objects.exists()
    assert (last().verb, last().reason) == ("mcp.withdraw", "unused")
    assert not withdraw(tool=row("echo"), actor="op", reason="again")
    assert not shelf.tools.accepted().exists()


def test_a_removed_server_takes_its_tools_along(shelf: McpServer) -> None:
    accepted("echo")
    remove_server(server=shelf, actor="op", reason="moved")
    assert [model.objects.count() for model in (McpServer, McpTool, Tool)] == [0, 0, 0]
    assert last().before["tools"] == ["echo"]


def test_no_row_of_an_act_has_the_value_of_a_variable(shelf: McpServer) -> None:
    assert last().verb == "mcp.add"
    assert last().after["environment"] == ["TOKEN"]
    assert shelf.environment == {"TOKEN": "{secret:SHELF}"}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"name": "a b", "command": ["x"]}, "A server's name"),
        ({"name": "a"}, "either a command or an address"),
        ({"name": "a", "command": ["x"], "url": "https://a.example"}, "either a command or an address"),
        ({"name": "a", "command": ["x"], "headers": {"a": "b"}}, "headers to an address"),
        ({"name": "a", "command": ["x\x00"]}, "has no NUL"),
        ({"name": "a", "command": ["x"], "environment": {"A=B": "c"}}, "no name of a variable"),
        ({"name": "a", "url": "https://a.example", "headers": {"a: b": "c"}}, "no name of a header"),
        ({"name": "a", "url": "file:///etc/passwd"}, "begins with http"),
        ({"name": "a", "url": "https://u:p@a.example"}, "User and password"),
        ({"name": "a", "url": "https://a.example:99999"}, "begins with http"),
        ({"name": "a", "url": "https://a.example", "headers": {"k": "sk-proj-Ab3dEf6hIj9kLm2nOp5q"}}, "a secret in it"),
    ],
)
def test_what_is_no_server_is_refused_in_words(given: dict[str, object], why: str) -> None:
    with pytest.raises(McpRefused, match=why):
        add_server(actor="op", **given)  # type: ignore[arg-type] # what a form could send


def test_a_server_has_one_name(shelf: McpServer) -> None:
    with pytest.raises(McpRefused, match="There is an MCP server shelf already"):
        add_server(name=shelf.name, command=["x"], actor="op")
