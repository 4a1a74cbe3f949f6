"""Takes back a pause or a resume that somebody has just asked for, as long as the run has not gone on meanwhile."""

from datetime import timedelta

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect

from agents.lifecycle import pause, resume
from agents.models import Run
from budgets.models import Action
from console.access.requests import TenantRequest, in_tenant
from console.live.status import run_status
from console.screens.run.verbs import back_to, run_of
from console.screens.said import say

WITHIN = timedelta(minutes=1)
"""The note with the button stays for 8 seconds, and for as long as somebody points at it."""
UNDONE = "Undone right after it was asked."
OF_PAUSES = ("run.pause", "run.pause_taken_back", "run.resume")


@in_tenant("resume", "POST")
def undo_pause(request: TenantRequest, run_id: str) -> HttpResponse:
    """Let the run go on as if nobody had asked."""
    run, actor = run_of(request, run_id), request.user.get_username()
    if _own_last_act(run, actor, "run.pause") and resume(run=run, actor=actor, why=UNDONE):
        say(request, f"Undone: run {run.short} goes on.")
    else:
        say(request, _too_late(run), tone="bad")
    return _back(request, run)


@in_tenant("pause", "POST")
def undo_resume(request: TenantRequest, run_id: str) -> HttpResponse:
    """Have the run wait again where it waited; a step that it has taken since is not taken back by anything."""
    run, actor = run_of(request, run_id), request.user.get_username()
    act = _own_last_act(run, actor, "run.resume")
    taken = run.steps.filter(recorded_at__gte=act.at).count() if act else 0
    if taken:
        steps = "a step" if taken == 1 else f"{taken} steps"
        said = f"Run {run.short} has taken {steps} since, which nothing takes back. Pause stops it before its next."
        say(request, said, tone="bad")
    elif act and pause(run=run, actor=actor, why=UNDONE):
        say(request, f"Undone: run {run.short} waits again before its next step.")
    else:
        say(request, _too_late(run), tone="bad")
    return _back(request, run)


def _own_last_act(run: Run, actor: str, verb: str) -> Action | None:
    """What this person did just now, unless somebody has paused it or let it go on since."""
    last = Action.objects.on_run(run.pk).filter(verb__in=OF_PAUSES).order_by("-pk").first()
    fresh = last is not None and timezone.now() - last.at <= WITHIN
    return last if last and fresh and (last.actor, last.verb) == (actor, verb) else None


def _too_late(run: Run) -> str:
    run.refresh_from_db(fields=["state", "kill_acknowledged_at"])
    word = run_status(run.state, kill_acknowledged=run.kill_acknowledged_at is not None).word
    return f"It is too late to undo this: run {run.short} is {word} now, and nothing was changed."


def _back(request: TenantRequest, run: Run) -> HttpResponse:
    if request.htmx:
        return HttpResponseClientRedirect(reverse("runs:detail", args=[request.tenant.slug, run.pk]))
    return back_to(run)
