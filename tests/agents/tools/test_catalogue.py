"""The catalogue: one tool a name, where it came from, and who put it there."""

from typing import Any

import pytest

from agents.contracts.specs import Implementation, ToolSpec
from agents.library.catalogue import bundled
from agents.library.sync import sync_library
from agents.models import Tool
from agents.tools.catalogue import NameTaken, keep_tool, refuse_taken
from budgets.models import Action

pytestmark = pytest.mark.django_db


def tool(**fields: Any) -> ToolSpec:
    """A tool."""
    link = Implementation(name="code", target="agents.library.support.stock:stock_live")
    return ToolSpec(**{"name": "look", "description": "Looks.", "parameters": {}, "implementations": (link,), **fields})


def test_a_tool_is_kept_once_with_who_did_it() -> None:
    assert keep_tool(spec=tool(), origin="openapi", actor="ann", reason="asked for")
    assert not keep_tool(spec=tool(), origin="openapi", actor="bo")
    assert keep_tool(spec=tool(description="Looks well."), origin="openapi", actor="bo")
    row = Tool.objects.get()
    assert (row.to_spec().description, row.origin, row.changed_by) == ("Looks well.", "openapi", "bo")
    actions = Action.objects.filter(verb="tool.kept").order_by("pk")
    assert [(each.actor, each.target, each.reason) for each in actions] == [
        ("ann", "tool look", "asked for"),
        ("bo", "tool look", ""),
    ]
    assert actions[1].before == {"origin": "openapi", "digest": actions[0].after["digest"]}


def test_a_name_from_elsewhere_is_not_taken_over() -> None:
    keep_tool(spec=tool(), origin="mcp", actor="ann")
    with pytest.raises(NameTaken, match="There is a tool look from an MCP server already"):
        refuse_taken(names=["other", "look"], origin="openapi")
    refuse_taken(names=["look"], origin="mcp")


def test_the_librarys_tools_are_there_and_leave_a_persons_alone() -> None:
    named = {each.name for spec in bundled() for each in spec.tools}
    mine = tool(name=min(named))
    keep_tool(spec=mine, origin="screen", actor="ann")
    sync_library()
    assert set(Tool.objects.values_list("name", flat=True)) == named
    assert Tool.objects.get(name=mine.name).to_spec() == mine
    assert Action.objects.count() == 1
    changed_at = dict(Tool.objects.values_list("name", "changed_at"))
    sync_library()
    assert dict(Tool.objects.values_list("name", "changed_at")) == changed_at
