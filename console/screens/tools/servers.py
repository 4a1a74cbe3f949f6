"""MCP servers: how each was found at the last look, what of its tools has changed, and the word of a person on that."""

from django.db.models import Prefetch
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from agents.models import McpServer, McpTool
from agents.tools.mcp.verbs import McpRefused, accept, ask_look, of_catalogue
from console.access.requests import TenantRequest, in_tenant
from console.screens.frame import frame
from console.screens.tools.forms import ReasonForm
from console.screens.tools.one import host_of
from console.screens.tools.schema_fields import fields_of
from console.screens.tools.tables import FieldsTable, OfferedTable


@in_tenant("view")
def list_servers(request: TenantRequest) -> HttpResponse:
    """Every server with the tools that it was seen to have, those that changed first."""
    tools = McpTool.objects.order_by("name")
    servers = list(McpServer.objects.order_by("name").prefetch_related(Prefetch("tools", tools)))
    context = {
        **frame(request, active="tools"),
        "servers": [
            {"server": server, "where": where(server), "tools": OfferedTable(sorted_tools(server))}
            for server in servers
        ],
        "may_edit": "edit_tools" in request.verbs,
    }
    return render(request, "tools/servers.html", context)


@in_tenant("edit_tools", "POST")
def look_again(request: TenantRequest, server_id: int) -> HttpResponse:
    """Have a worker look at what the server lists now."""
    server = McpServer.objects.filter(pk=server_id).first()
    if server is None:
        raise Http404
    ask_look(server=server, actor=request.user.get_username())
    return redirect("tools:servers", tenant=request.tenant.slug)


@in_tenant("edit_tools", "GET", "HEAD", "POST")
def accept_tool(request: TenantRequest, tool_id: int) -> HttpResponse:
    """Show what the tool is now beside what was accepted, and ask why (GET); accept what was shown (POST)."""
    tool = McpTool.objects.select_related("server").filter(pk=tool_id).first()
    if tool is None or tool.gone_at is not None:
        raise Http404
    kept = of_catalogue(tool)
    spec = kept.to_spec() if kept else None
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            accept(
                tool=tool,
                digest=request.POST.get("digest", ""),
                actor=request.user.get_username(),
                effect=spec.effect if spec else None,
                needs_approval=spec.needs_approval if spec else None,
                reason=form.cleaned_data["reason"],
            )
            return redirect("tools:servers", tenant=request.tenant.slug)
        except McpRefused as refused:
            form.add_error("reason", str(refused))
    context = {
        **frame(request, active="tools"),
        "tool": tool,
        "form": form,
        "fields": FieldsTable(fields_of(tool.input_schema)),
        "before": FieldsTable(fields_of(spec.parameters)) if spec else None,
    }
    return render(request, "tools/accept.html", context, status=422 if request.method == "POST" else 200)


def where(server: McpServer) -> str:
    """Its host, or its program; what else is in the address or the command may be secret."""
    return host_of(server.url) if server.url else str(server.command[0]) if server.command else ""


def sorted_tools(server: McpServer) -> list[McpTool]:
    """Those that changed or are gone first."""
    return sorted(server.tools.all(), key=lambda tool: (not tool.changed and tool.gone_at is None, tool.name))
