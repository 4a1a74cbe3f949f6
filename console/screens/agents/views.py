"""The list of agents, and one agent with its versions."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from agents.models import Agent
from console.access.requests import TenantRequest, in_tenant
from console.screens.agents.selectors import agents_of, basis_of, compared, versions_of
from console.screens.agents.tables import AgentsTable, VersionsTable
from console.screens.frame import frame


@in_tenant("view")
def list_agents(request: TenantRequest) -> HttpResponse:
    """Every agent with what it is made of and how its runs went."""
    now = timezone.now()
    basis = basis_of(request.tenant, now)
    lines = agents_of(basis, now)
    table = AgentsTable(lines, tenant_slug=request.tenant.slug)
    context = {**frame(request, active="agents"), "lines": lines, "table": table, "basis": basis}
    return render(request, "agents/list.html", context)


@in_tenant("view")
def one_agent(request: TenantRequest, name: str) -> HttpResponse:
    """What it is made of, its versions, and two of them compared (``?from=3&to=4``)."""
    agent = get_object_or_404(Agent.objects.select_related("current"), name=name)
    if agent.current is None:
        raise Http404
    now = timezone.now()
    basis = basis_of(request.tenant, now)
    lines = versions_of(agent, basis, now)
    context = {
        **frame(request, active="agents"),
        "agent": agent,
        "current": agent.current,
        "spec": agent.current.to_spec(),
        "basis": basis,
        "versions": VersionsTable(lines, may_bring_back="edit_agents" in request.verbs),
        "numbers": [line.version.number for line in lines],
        "advice": next((line.rate.advice for line in lines if line.is_current), ""),
        "comparison": compared(lines, request.GET.get("from"), request.GET.get("to")),
    }
    return render(request, "agents/detail.html", context)
