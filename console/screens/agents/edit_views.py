"""A new version of an agent: the form, what it would change, and the way back to an earlier one."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from agents.agent_edits import VersionMoved, bring_back, save_version
from agents.contracts.specs import AgentSpec, ToolSpec
from agents.models import Agent, AgentVersion, Tool
from agents.spec_diff import changes
from console.access.requests import TenantRequest, in_tenant
from console.screens.agents.forms import VersionForm
from console.screens.frame import frame


@in_tenant("edit_agents", "GET", "HEAD", "POST")
def edit(request: TenantRequest, name: str) -> HttpResponse:
    """The form; a valid one is the current version from now on."""
    agent, spec, number = _current(name)
    form = VersionForm(
        request.POST if request.method == "POST" else None, spec=spec, number=number, offered=_offered(spec)
    )
    if request.method == "POST" and form.is_valid() and form.spec is not None:
        if not changes(spec, form.spec):
            form.add_error(None, "This is what the current version says already.")
        elif version := _saved(request, form):
            text = f"Version {version.number} of {agent.name} is the current one. Runs under way keep theirs."
            messages.success(request, text, extra_tags="ok")
            return redirect("agents:detail", request.tenant.slug, agent.name)
    context = {**frame(request, active="agents"), "agent": agent, "number": number, "form": form}
    return render(request, "agents/edit.html", context, status=422 if form.errors else 200)


def _saved(request: TenantRequest, form: VersionForm) -> AgentVersion | None:
    """The new version; None, with the reason on the form, when somebody was faster."""
    assert form.spec is not None
    said = form.cleaned_data
    try:
        return save_version(
            spec=form.spec, based_on=said["based_on"], actor=request.user.get_username(), note=said["note"]
        )
    except VersionMoved as moved:
        form.add_error(None, f"Nothing was saved: {moved} Open the form again to start from it.")
        return None


@in_tenant("edit_agents", "POST")
def look_over(request: TenantRequest, name: str) -> HttpResponse:
    """What stands beside the form, for what is typed so far. Changes nothing."""
    _, spec, number = _current(name)
    form = VersionForm(request.POST, spec=spec, number=number, offered=_offered(spec))
    form.is_valid()
    found = changes(spec, form.spec) if form.spec else []
    faults = [(form[part].label if part in form.fields else "", list(texts)) for part, texts in form.errors.items()]
    faults = [(label, texts) for label, texts in faults if label != form["note"].label]
    return render(request, "agents/_changes.html", {"changes": found, "faults": faults, "number": number})


@in_tenant("edit_agents", "POST")
def bring_version_back(request: TenantRequest, name: str, number: int) -> HttpResponse:
    """Make an earlier version the current one."""
    version = get_object_or_404(AgentVersion.objects.select_related("agent"), agent__name=name, number=number)
    bring_back(version=version, actor=request.user.get_username(), note=f"back to version {number}")
    text = f"Version {number} of {name} is the current one again. Runs under way keep theirs."
    messages.success(request, text, extra_tags="ok")
    return redirect(reverse("agents:detail", args=[request.tenant.slug, name]))


def _current(name: str) -> tuple[Agent, AgentSpec, int]:
    agent = get_object_or_404(Agent.objects.select_related("current"), name=name)
    if agent.current is None:
        raise Http404
    return agent, agent.current.to_spec(), agent.current.number


def _offered(spec: AgentSpec) -> dict[str, ToolSpec]:
    """The catalogue's tools, those of other agents, and as they are the ones that the agent has."""
    offered: dict[str, ToolSpec] = {}
    for version in AgentVersion.objects.filter(current_of__isnull=False):
        offered |= {tool.name: tool for tool in version.to_spec().tools}
    offered |= {tool.name: tool.to_spec() for tool in Tool.objects.all()}
    return offered | {tool.name: tool for tool in spec.tools}
