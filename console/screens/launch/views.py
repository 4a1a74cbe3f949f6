"""The launch page: choose an agent, say the task, see what it may spend, go."""

from collections.abc import Mapping
from uuid import uuid4

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django_htmx.http import HttpResponseClientRedirect

from agents.admission import LaunchRefused
from agents.contracts.specs import LoopLimits
from agents.lifecycle import launch
from agents.loop_limits import stricter
from agents.models import Run
from agents.secrets.vault import vault
from agents.switches import standing
from budgets.models import Surface
from budgets.tiers import Limits
from console.access.requests import TenantRequest, in_tenant
from console.screens.frame import frame
from console.screens.launch.estimates import Estimate, estimate
from console.screens.launch.forms import LaunchForm
from console.screens.launch.once import fingerprint, launched_before, remember
from console.screens.launch.selectors import (
    AgentChoice,
    BudgetLeft,
    agent_choices,
    budgets_left,
    degraded_links,
    first_choice,
    limits_or_none,
    llm_offers,
    named,
    surface_choices,
)
from console.screens.launch.terminal import OPTIONS, launch_command
from console.screens.stops.scopes import words_of
from console.screens.stops.standing import Stop

Context = dict[str, object]


@in_tenant("launch", "GET", "HEAD", "POST")
def launch_run(request: TenantRequest) -> HttpResponse:
    """Show the form; a right one launches and leads to the run."""
    form = _form(request, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        run_id = _launched_once(request, form)
        if run_id:
            address = reverse("runs:detail", args=[request.tenant.slug, run_id])
            return HttpResponseClientRedirect(address) if request.htmx else redirect(address)
    typed = request.POST if request.method == "POST" else form.initial
    context = {**frame(request, active="launch"), "form": form, **_beside(request, form, typed)}
    return render(request, "launch/launch.html", context, status=422 if form.errors else 200)


@in_tenant("launch", "POST")
def preview(request: TenantRequest) -> HttpResponse:
    """What stands beside the form, for what is typed so far. Changes nothing."""
    form = _form(request, None)
    return render(request, "launch/_beside.html", _beside(request, form, request.POST))


def _form(request: TenantRequest, data: Mapping[str, str] | None) -> LaunchForm:
    agents, surfaces = agent_choices(), surface_choices(request.tenant)
    initial = {"agent": request.GET.get("agent") or first_choice(agents)}
    initial["surface"] = request.GET.get("surface") or (surfaces[0].slug if surfaces else "")
    initial["key"] = uuid4().hex
    initial |= {name: request.GET.get(name, "").replace("\x00", "") for name in ("task", "user", "session", "llm")}
    files = request.FILES if data is not None else None
    return LaunchForm(data, files, tenant=request.tenant, agents=agents, surfaces=surfaces, initial=initial)


def _launched_once(request: TenantRequest, form: LaunchForm) -> str | None:
    """The id of the run that this press of the button launched; None when it was refused."""
    key = form.cleaned_data["key"]
    mark = fingerprint(key, form.cleaned_data)
    if key and (earlier := launched_before(request.session, mark)):
        return earlier
    run = _launched(request, form)
    if run is None:
        return None
    remember(request.session, mark, run.pk)
    return run.pk


def _launched(request: TenantRequest, form: LaunchForm) -> Run | None:
    """The new run, or None with the refusal at the field that it is about."""
    given = form.cleaned_data
    try:
        return launch(
            tenant=request.tenant,
            surface=form.chosen_surface(),
            agent=form.chosen_agent(),
            task=given["task"],
            actor=request.user.get_username(),
            user=given["user"],
            session=given["session"],
            llm=given["llm"],
            attachments=given["attachments"],
        )
    except LaunchRefused as refusal:
        field = refusal.field if refusal.field in form.fields else None
        form.add_error(field, forms.ValidationError(_said(request, refusal)))
    return None


def _said(request: TenantRequest, refusal: LaunchRefused) -> str:
    """Why, and where it is mended."""
    if not refusal.unpriced:
        return str(refusal)
    address = reverse("prices:list", args=[request.tenant.slug], query={"llm": refusal.unpriced})
    return format_html('{} <a href="{}">Its price</a>', str(refusal), address)


def _beside(request: TenantRequest, form: LaunchForm, typed: Mapping[str, object]) -> Context:
    """The context of launch/_beside.html."""
    words = {
        name: str(typed.get(name, "")).replace("\x00", "")
        for name in ("agent", "task", "surface", "user", "session", "llm")
    }
    agent = named(form.agents, words["agent"])
    surface = Surface.objects.for_tenant(request.tenant).select_related("tenant").filter(slug=words["surface"]).first()
    limits = limits_or_none(surface, words["user"]) if surface else None
    loop = stricter(agent.spec.limits if agent else LoopLimits(), limits) if limits else None
    options = {**{name: words[name] for name in OPTIONS if name != "tenant"}, "tenant": request.tenant.slug}
    return {
        "tenant": request.tenant,
        "agent": agent,
        "llms": llm_offers(agent, vault.environ()),
        "limits": limits,
        "loop": loop,
        "max_ms": loop.max_seconds * 1000 if loop else None,
        "budgets": _budgets(surface, limits, words) if surface and limits else [],
        "estimate": _estimate(surface, agent, words["llm"]) if surface and agent else None,
        "degraded": degraded_links(agent.spec) if agent else [],
        "met": _met(surface, agent) if surface and agent else [],
        "command": launch_command(agent=words["agent"], task=words["task"], options=options),
    }


def _met(surface: Surface, agent: AgentChoice) -> list[Stop]:
    """The stops that would refuse this launch."""
    tools = {tool.name for tool in agent.spec.tools}
    found = standing(tenant=surface.tenant, surface=surface, agent=agent.name, tools=tools)
    return [Stop(switch, words_of(switch), may_lift=False) for switch in found]


def _budgets(surface: Surface, limits: Limits, words: Mapping[str, str]) -> list[BudgetLeft]:
    return budgets_left(surface=surface, limits=limits, user=words["user"], session=words["session"])


def _estimate(surface: Surface, agent: AgentChoice, llm: str) -> Estimate | None:
    return estimate(surface=surface, agent_name=agent.name, llm=llm.strip() or agent.spec.llms[0])
