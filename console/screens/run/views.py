"""One run: its page, the detail of a step, and the verbs that act on it."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from agents.approvals.deciding import NotCounted, decide
from agents.kills import kill
from agents.lifecycle import pause, resume
from agents.llms.catalogue import label_of
from agents.loop_limits import stricter
from agents.models import Run
from budgets.tiers import Limits
from console.access.policy import approver_role
from console.access.requests import TenantRequest, in_tenant
from console.live.numbering import birth_of
from console.live.served import served_words
from console.live.window import TraceRead, window_around
from console.screens.budgets.capped import capped
from console.screens.elapsed import took_ms
from console.screens.frame import frame
from console.screens.launch.terminal import launch_command
from console.screens.replay.selectors import family_of, recorded_number
from console.screens.run.causes import read_told
from console.screens.run.effects import awaited_by, unknown_of
from console.screens.run.effects_form import ResolveForm
from console.screens.run.forms import DecisionForm, KillForm
from console.screens.run.receipt import receipt_of
from console.screens.run.selectors import (
    answer_of,
    conversation_before,
    find_run,
    no_ai,
    open_approvals,
    pace_of,
)
from console.screens.run.spending import pace_text
from console.screens.run.steps import step_detail
from console.screens.run.trace import Asked, read_part

AGAIN_TASK_CHARACTERS = 1_500
"""A longer task does not fit an address that every server takes."""
MAY_RESUME = frozenset({"paused", "paused_budget"})
MAY_PAUSE = frozenset({"queued", "running"})

Context = dict[str, object]


@in_tenant("view")
def show(request: TenantRequest, run_id: str) -> HttpResponse:
    """The page; asked by htmx for a step, only that step's panel."""
    run = run_of(request, run_id)
    if request.htmx and (request.htmx.target or "").endswith("#step"):
        birth = birth_of(run.pk, request.GET.get("step", ""))
        read = window_around(run.pk, birth)
        return render(request, "run/_step.html", _step_context(request, run, read, birth))
    return render(request, "run/run.html", page_of(request, run))


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


@in_tenant("decide_approval", "POST")
def decide_approval(request: TenantRequest, run_id: str, approval_id: int) -> HttpResponse:
    """Approve or deny one call; whoever comes second sees the first decision on the page."""
    run = run_of(request, run_id)
    approval = get_object_or_404(run.approvals, pk=approval_id)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _page_with_problem(request, run, form)
    approve = form.cleaned_data["decision"] == "approve"
    said = {"actor": request.user.get_username(), "note": form.cleaned_data["note"], "seen": form.cleaned_data["seen"]}
    try:
        decide(approval=approval, approve=approve, role=approver_role(request.verbs) or "operator", **said)
    except NotCounted as why:
        messages.warning(request, str(why))
    return _back(run)


def run_of(request: TenantRequest, run_id: str) -> Run:
    """The tenant's run of this id. Raises Http404."""
    run = find_run(request.tenant, run_id)
    if run is None:
        raise Http404
    return run


def page_of(request: TenantRequest, run: Run, *, sent: dict[int, ResolveForm] | None = None) -> Context:
    """All that the page shows; ``sent`` are forms for the word on an effect that were refused, by its id."""
    may_send_again = "send_again" in request.verbs
    page = {**_trace_context(request, run), **_page_context(request, run)}
    unknown = unknown_of(run, may_send_again=may_send_again, sent=sent) if page["unknown_count"] else []
    return {
        **page,
        "unknown_effects": unknown,
        "awaited": awaited_by(run),
    }


def _back(run: Run) -> HttpResponse:
    return redirect("runs:detail", tenant=run.tenant.slug, run_id=run.pk)


def _page_with_problem(request: TenantRequest, run: Run, form: DecisionForm) -> HttpResponse:
    context = {**page_of(request, run), "decision_form": form}
    return render(request, "run/run.html", context, status=422)


def _step_context(request: TenantRequest, run: Run, read: TraceRead, birth: int) -> Context:
    step = request.GET.get("step", "")
    detail = step_detail(read.events, read.spans, step) if birth else None
    return {
        "tenant": request.tenant,
        "run": run,
        "detail": detail,
        "conversation": conversation_before(run, detail.turn) if detail and detail.span.kind == "llm" else None,
        "asked_for_step": "step" in request.GET,
        "recorded_number": recorded_number(run, detail),
        "verbs": request.verbs,
    }


def _trace_context(request: TenantRequest, run: Run) -> Context:
    part = read_part(run, Asked.of(request.GET))
    holds_step = part.read if part.read.has(part.birth) or not part.birth else window_around(run.pk, part.birth)
    told = read_told(run, part.read.spans)
    return {
        **_step_context(request, run, holds_step, part.birth),
        "live": part.read,
        "part": part,
        "spans": part.read.spans,
        "served": served_words(told.served),
        "findings": told.findings,
        "receipt": receipt_of(run, now=timezone.now()),
    }


def _page_context(request: TenantRequest, run: Run) -> Context:
    return {
        **frame(request, active="runs"),
        "spec": run.version.spec,
        "took_ms": took_ms(run),
        "pace_text": pace_text(pace_of(run)),
        "max_turns": stricter(run.version.to_spec().limits, Limits(**run.limits)).max_turns,
        "llm_label": label_of(run.llm),
        "no_ai": no_ai(run),
        "approvals": open_approvals(run) if run.state == "waiting_approval" else [],
        "capped": capped(run, now=timezone.now()),
        "answer": answer_of(run),
        "attachments": run.attachments.select_related("blob").defer("blob__content"),
        "may_pause": "pause" in request.verbs and run.state in MAY_PAUSE and run.pause_requested_at is None,
        "may_resume": "resume" in request.verbs and run.state in MAY_RESUME,
        "again": _again(run),
        "family": family_of(run),
        "command": _command(run),
    }


def _again(run: Run) -> str:
    """The launch page filled in with what this run was launched with."""
    given = {"agent": run.agent_name, "surface": run.surface.slug, "user": run.user, "llm": run.llm}
    if len(run.task) <= AGAIN_TASK_CHARACTERS:
        given["task"] = run.task
    address = reverse("runs:launch", args=[run.tenant.slug])
    return f"{address}?{urlencode({name: value for name, value in given.items() if value})}"


def _command(run: Run) -> str:
    options = {
        "tenant": run.tenant.slug,
        "surface": run.surface.slug,
        "user": run.user,
        "session": run.session,
    }
    return launch_command(agent=run.agent_name, task=run.task, options={**options, "llm": run.llm})
