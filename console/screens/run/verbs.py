"""The verbs of one run: kill it, pause it, let it go on."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from agents.kills import kill
from agents.lifecycle import pause, resume
from agents.models import Run
from console.access.requests import TenantRequest, in_tenant
from console.screens.frame import frame
from console.screens.run.forms import KillForm
from console.screens.run.selectors import find_run


@in_tenant("kill", "GET", "HEAD", "POST")
def kill_run(request: TenantRequest, run_id: str) -> HttpResponse:
    """Ask for a reason in a dialog (GET), then kill (POST)."""
    run = run_of(request, run_id)
    form = KillForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and not run.ended:
        kill(run=run, actor=request.user.get_username(), reason=form.cleaned_data["reason"])
        # An empty answer closes the dialog; the live feed shows each state once it is so.
        return HttpResponse() if request.htmx else _back(run)
    refused = request.method == "POST"
    status = 409 if refused and run.ended else 422 if refused else 200
    effects = run.effects.filter(state="started")
    context = {**frame(request, active="runs"), "run": run, "form": form, "effects": effects}
    return render(request, "run/_kill.html" if request.htmx else "run/kill.html", context, status=status)


@in_tenant("pause", "POST")
def pause_run(request: TenantRequest, run_id: str) -> HttpResponse:
    """Let the run stop before its next step."""
    run = run_of(request, run_id)
    pause(run=run, actor=request.user.get_username())
    return _back(run)


@in_tenant("resume", "POST")
def resume_run(request: TenantRequest, run_id: str) -> HttpResponse:
    """Let a paused run go on."""
    run = run_of(request, run_id)
    resume(run=run, actor=request.user.get_username())
    return _back(run)


def run_of(request: TenantRequest, run_id: str) -> Run:
    """The tenant's run of this id. Raises Http404."""
    run = find_run(request.tenant, run_id)
    if run is None:
        raise Http404
    return run


def _back(run: Run) -> HttpResponse:
    return redirect("runs:detail", tenant=run.tenant.slug, run_id=run.pk)
