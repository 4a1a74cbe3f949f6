"""The launch page: choose an agent, say the task, see what it may spend, try it dry, go."""

from collections.abc import Mapping, Sequence
from typing import cast
from uuid import uuid4

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django_htmx.http import HttpResponseClientRedirect

from agents.admission import LaunchRefused
from agents.dry_run import Checked, Wanted, dry_run
from agents.lifecycle import launch
from agents.models import Run
from console.access.requests import TenantRequest, in_tenant
from console.screens.frame import frame
from console.screens.launch.beside import beside, typed_of
from console.screens.launch.forms import LaunchForm, number_in
from console.screens.launch.once import fingerprint, launched_before, remember
from console.screens.launch.selectors import (
    FIRST_CHOICE,
    AgentChoice,
    agent_choices,
    degraded_links,
    first_choice,
    named,
    surface_choices,
)
from console.screens.stops.standing import Stop, standing_stops

Context = dict[str, object]
FILLED_IN = ("task", "user", "session", "llm", "version", "cap", "turns", "seconds")
MOVED = "moved"
"""In the query of a form that comes from another tenant: it is shown as it is, not sent."""


@in_tenant("launch", "GET", "HEAD", "POST")
def launch_run(request: TenantRequest) -> HttpResponse:
    """Show the form; a right one launches and leads to the run."""
    if request.method != "POST" or MOVED in request.GET:
        return _page(request, _fresh(request, request.POST if MOVED in request.GET else request.GET))
    form = _sent(request)
    if form.is_valid() and (run_id := _launched_once(request, form)):
        address = reverse("runs:detail", args=[request.tenant.slug, run_id])
        return HttpResponseClientRedirect(address) if request.htmx else redirect(address)
    return _page(request, form)


@in_tenant("launch", "POST")
def preview(request: TenantRequest) -> HttpResponse:
    """What stands beside the form, for what is typed so far. Changes nothing."""
    form = _sent(request)
    stops = standing_stops(request.tenant, request.verbs)
    return render(request, "launch/_beside.html", beside(request, form, typed_of(form, request.POST), stops))


@in_tenant("launch", "POST")
def task_part(request: TenantRequest) -> HttpResponse:
    """The part of the form that another agent or version changes: its versions, and the fields of its input."""
    given = request.POST.copy()
    if given.get("of") == "agent":
        given["version"] = ""  # a number of one agent's means nothing to another
    form = _fresh(request, given)
    return render(request, "launch/_task.html", {"tenant": request.tenant, "form": form})


@in_tenant("launch", "POST")
def try_dry(request: TenantRequest) -> HttpResponse:
    """Everything that a launch would check, and what would happen. Starts nothing."""
    form = _sent(request)
    found = {"form": form, "dry": _tried(request, form), "tried_at": timezone.now()}
    if request.htmx:
        return render(request, "launch/_dry.html", {"tenant": request.tenant, **found})
    return _page(request, form, found)


@in_tenant("launch", "POST")
def move(request: TenantRequest) -> HttpResponse:
    """Take what is typed to another tenant's page: the browser sends the same form there."""
    wanted = request.POST.get("to_tenant", request.tenant.slug)
    if wanted not in {tenant.slug for tenant in request.standing.tenants_to("launch")}:
        raise Http404
    address = reverse("runs:launch", args=[wanted], query={MOVED: "1"})
    return HttpResponse(status=307, headers={"Location": address})


def _page(request: TenantRequest, form: LaunchForm, more: Context | None = None) -> HttpResponse:
    given = form.data if form.is_bound else form.initial
    around = frame(request, active="launch")
    stops = cast(Sequence[Stop], around["stops"])
    context = {
        **around,
        "form": form,
        "launch_tenants": request.standing.tenants_to("launch"),
        **beside(request, form, typed_of(form, given), stops),
        **(more or {}),
    }
    return render(request, "launch/launch.html", context, status=422 if form.errors else 200)


def _fresh(request: TenantRequest, given: QueryDict) -> LaunchForm:
    """A form that starts with what is given, and complains of nothing yet."""
    surfaces = surface_choices(request.tenant, _plain(given, "user"))
    agents = _agents(_plain(given, "agent") or FIRST_CHOICE, given)
    slugs = [surface.slug for surface in surfaces]
    wanted = _plain(given, "surface")
    initial: dict[str, object] = {name: _plain(given, name) for name in FILLED_IN}
    initial["agent"] = _plain(given, "agent") or first_choice(agents)
    initial["surface"] = wanted if wanted in slugs else next(iter(slugs), "")
    initial["key"] = uuid4().hex

    return LaunchForm(None, None, tenant=request.tenant, agents=agents, surfaces=surfaces, typed=given, initial=initial)


def _sent(request: TenantRequest) -> LaunchForm:
    surfaces = surface_choices(request.tenant, _plain(request.POST, "user"))
    agents = agent_choices(_plain(request.POST, "agent"), number_in(request.POST.get("version")))
    return LaunchForm(request.POST, request.FILES, tenant=request.tenant, agents=agents, surfaces=surfaces)


def _agents(wanted: str, given: Mapping[str, str]) -> list[AgentChoice]:
    """With the versions of the one that is chosen."""
    found = agent_choices(wanted, number_in(given.get("version")))
    first = first_choice(found)
    return found if named(found, wanted) or not first else agent_choices(first)


def _plain(given: Mapping[str, str], name: str) -> str:
    return given.get(name, "").replace("\x00", "")


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
    version = form.chosen_version()
    try:
        return launch(
            tenant=request.tenant,
            surface=form.chosen_surface(),
            agent=version.agent,
            version=version,
            task=given["task"],
            actor=request.user.get_username(),
            user=given["user"],
            session=given["session"],
            llm=given["llm"],
            attachments=given["attachments"],
            own=form.own_limits(),
        )
    except LaunchRefused as refusal:
        form.refuse(refusal, _said(request, refusal))
    return None


def _tried(request: TenantRequest, form: LaunchForm) -> Context:
    """The checks of a dry run; a form that is not even complete has none."""
    if not form.is_valid() or form.chosen is None:
        return {"checks": [], "degraded": []}
    given, surface = form.cleaned_data, form.chosen_surface()
    wanted = Wanted(
        tenant=request.tenant,
        surface=surface,
        version=form.chosen_version(),
        task=given["task"],
        user=given["user"],
        session=given["session"],
        llm=given["llm"],
        own=form.own_limits(),
    )
    checks: list[Checked] = dry_run(wanted)
    return {
        "checks": checks,
        "refused": any(each.refusal for each in checks),
        "degraded": degraded_links(form.chosen.spec),
        "llm": wanted.chosen_llm,
        "surface": surface,
        "agent": form.chosen,
    }


def _said(request: TenantRequest, refusal: LaunchRefused) -> str:
    """Why, and where it is mended."""
    if not refusal.unpriced:
        return str(refusal)
    address = reverse("prices:list", args=[request.tenant.slug], query={"llm": refusal.unpriced})
    return format_html('{} <a href="{}">Its price</a>', str(refusal), address)
