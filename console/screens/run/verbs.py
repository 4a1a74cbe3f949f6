"""The verbs of one run: kill it, pause it, let it go on."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from agents.kills import kill
from agents.lifecycle import pause, resume
from agents.models import Run
from console.access.requests import TenantRequest, in_tenant
from console.screens.frame import frame
from console.screens.run.forms import KillForm
from console.screens.run.selectors import find_run
from console.screens.said import say


@in_tenant("kill", "GET", "HEAD", "POST")
def kill_run(request: TenantRequest, run_id: str) -> HttpResponse:
    """Ask for a reason in a dialog (GET), then kill (POST)."""
    run = run_of(request, run_id)
    form = KillForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and not run.ended:
        kill(run=run, actor=request.user.get_username(), reason=form.cleaned_data["reason"])
        # An empty answer closes the dialog; the live feed shows each state once it is so.
        return HttpResponse() if request.htmx else back_to(run)
    refused = request.method == "POST"
    status = 409 if refused and run.ended else 422 if refused else 200
    effects = run.effects.filter(state="started")
    context = {**frame(request, active="runs"), "run": run, "form": form, "effects": effects}
    return render(request, "run/_kill.html" if request.htmx else "run/kill.html", context, status=status)


@in_tenant("pause", "POST")
def pause_run(request: TenantRequest, run_id: str) -> HttpResponse:
    """Let the run stop before its next step."""
    run = run_of(request, run_id)
    if pause(run=run, actor=request.user.get_username()):
        undo = reverse("runs:undo_pause", args=[request.tenant.slug, run.pk]) if "resume" in request.verbs else ""
        say(request, f"Asked run {run.short} to pause before its next step.", undo=undo)
    else:
        say(request, f"Run {run.short} was not paused: it neither runs nor is queued, or was asked before.", tone="bad")
    return back_to(run)


@in_tenant("resume", "POST")
def resume_run(request: TenantRequest, run_id: str) -> HttpResponse:
    """Let a paused run go on."""
    run = run_of(request, run_id)
    waited = run.state
    if resume(run=run, actor=request.user.get_username()):
        # A run that waited for something else than a person's word could not be left waiting for that again.
        may_undo = waited == "paused" and "pause" in request.verbs
        undo = reverse("runs:undo_resume", args=[request.tenant.slug, run.pk]) if may_undo else ""
        say(request, f"Run {run.short} goes on from its last step.", undo=undo)
    else:
        say(request, f"Run {run.short} waits for nothing: nothing was changed.", tone="bad")
    return back_to(run)


def run_of(request: TenantRequest, run_id: str) -> Run:
    """The tenant's run of this id. Raises Http404."""
    run = find_run(request.tenant, run_id)
    if run is None:
        raise Http404
    return run


def back_to(run: Run) -> HttpResponse:
    """Its page, with whatever was said."""
    return redirect("runs:detail", tenant=run.tenant.slug, run_id=run.pk)
