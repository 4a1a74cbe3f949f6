"""The list of tools, and the page of one tool or LLM."""

from typing import cast

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from agents.models import ToolHealth
from agents.models.tool import TOOL_ORIGINS, ToolOrigin
from console.access.requests import TenantRequest, in_tenant
from console.live import figures
from console.live.feeds import position_of_tools
from console.screens.frame import frame
from console.screens.tools.counted import DAY, SCALES, history
from console.screens.tools.forms import NoteForm
from console.screens.tools.known import LLM, find_tool
from console.screens.tools.one import CHANGES_SHOWN, ChangeLine, cards_of, changes_of, notes_of
from console.screens.tools.schema_fields import fields_of
from console.screens.tools.selectors import tool_lists
from console.screens.tools.standing import standing_of
from console.screens.tools.tables import ChangesTable, FieldsTable, LLMsTable, ToolsTable
from console.screens.tools.timeline import timeline_of


@in_tenant("view")
def list_tools(request: TenantRequest) -> HttpResponse:
    """All tools and LLMs, the worst first."""
    live = position_of_tools()
    lists = tool_lists(request.tenant, timezone.now())
    context = {
        **frame(request, active="tools"),
        "live": live,
        "lists": lists,
        "tools": ToolsTable(lists.tools),
        "llms": LLMsTable(lists.llms),
    }
    return render(request, "tools/tools.html", context)


@in_tenant("view")
def show_tool(request: TenantRequest, name: str) -> HttpResponse:
    """One tool: its chain, its history, whom it hurt, and who has it."""
    return _show(request, name)


@in_tenant("view")
def show_llm(request: TenantRequest, name: str) -> HttpResponse:
    """One LLM, as a tool whose chain is itself alone."""
    return _show(request, f"{LLM}/{name}")


def _show(request: TenantRequest, name: str) -> HttpResponse:
    live, now = position_of_tools(), timezone.now()
    health = {row.link: row for row in ToolHealth.objects.all()}
    tool = find_tool(name, health)
    if tool is None:
        raise Http404
    scale = SCALES.get(request.GET.get("back", ""), DAY)
    standing = standing_of(tool, health)
    changes = changes_of(tool, request.tenant, scale.begin(now))
    counted = history(tool.links, scale, now)
    cards = cards_of(tool, standing, health, counted.hour, changes)
    context = {
        **frame(request, active="tools"),
        "live": live,
        "tool": tool,
        "standing": standing,
        "cards": cards,
        "changes": changes,
        "lines": ChangesTable(ChangeLine(change) for change in changes[:CHANGES_SHOWN]),
        "hidden_changes": max(0, len(changes) - CHANGES_SHOWN),
        "now": now,
        "fields": FieldsTable(fields_of(tool.spec.parameters) if tool.spec else []),
        "dedupe": figures.age(tool.spec.dedupe_seconds) if tool.spec else "",
        "origin": dict(TOOL_ORIGINS).get(cast(ToolOrigin, tool.origin), ""),
        "scale": scale,
        "scales": SCALES.values(),
        "timeline": timeline_of(tool.links, counted.buckets, changes, scale, now),
        "notes": notes_of(tool, request.tenant),
        "note_form": NoteForm(),
        "may_force": "force_tools" in request.verbs,
        "may_note": "acknowledge" in request.verbs,
    }
    return render(request, "tools/tool.html", context)
