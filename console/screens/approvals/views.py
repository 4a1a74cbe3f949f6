"""What waits for a person: the queue, and one approval with the word on it."""

import json

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect

from agents.approvals.deciding import NotCounted, decide
from agents.approvals.looking import look, lookers
from agents.approvals.rules import RANK
from agents.engine.edits import checked
from agents.models import Approval
from agents.tools.boundary import Rejected
from console.access.policy import approver_role
from console.access.requests import TenantRequest, in_tenant
from console.live.feeds import position
from console.screens.approvals.edit_form import EditForm
from console.screens.approvals.forms import WordForm
from console.screens.approvals.one import One, one_of
from console.screens.approvals.shown import rows_of
from console.screens.approvals.tables import DecidedTable, QueueTable, UnknownTable
from console.screens.approvals.waiting import decided_in, queue_of
from console.screens.frame import frame
from console.screens.run.effects import unknown_in

UNKNOWN_ON_A_PAGE = 50


@in_tenant("view")
def list_waiting(request: TenantRequest) -> HttpResponse:
    """The queue, the effects that nobody knows of, and what was decided lately."""
    live, slug = position(request.tenant.pk), request.tenant.slug
    unknown = Paginator(unknown_in(request.tenant), UNKNOWN_ON_A_PAGE).get_page(request.GET.get("page", 1))
    context = {
        **frame(request, active="approvals"),
        "live": live,
        "queue": QueueTable(queue_of(request.tenant, viewer=request.user.get_username()), tenant_slug=slug),
        "page": unknown,
        "unknown": UnknownTable(unknown.object_list, tenant_slug=slug),
        "decided": DecidedTable(decided_in(request.tenant, now=timezone.now()), tenant_slug=slug),
    }
    return render(request, "approvals/approvals.html", context)


@in_tenant("view")
def show(request: TenantRequest, approval_id: int) -> HttpResponse:
    """One approval."""
    live = position(request.tenant.pk)
    found = _one(request, approval_id)
    context = {**frame(request, active="approvals"), "live": live, **_around(request, found)}
    return render(request, "approvals/approval.html", context)


@in_tenant("view", "POST")
def say_looking(request: TenantRequest, approval_id: int) -> HttpResponse:
    """The heartbeat of an open page; the answer is who else has it open."""
    approval = _approval(request, approval_id)
    me = request.user.get_username()
    if approval.outcome == "open":
        look(approval=approval, actor=me)
    return render(request, "approvals/_looking.html", {"lookers": lookers(approval, but=me)})


@in_tenant("decide_routine", "GET", "HEAD", "POST")
def edit(request: TenantRequest, approval_id: int) -> HttpResponse:
    """The arguments as a form (GET); what would change, before the yes (POST)."""
    found = _one(request, approval_id)
    if found.tool is None or found.approval.outcome != "open":
        return redirect("approvals:detail", request.tenant.slug, approval_id)
    form = EditForm(
        request.POST if request.method == "POST" else None, tool=found.tool, present=found.arguments, label_suffix=""
    )
    context: dict[str, object] = {**_around(request, found), "form": form}
    if request.method != "POST":
        return _part(request, "edit", context)
    if not form.is_valid():
        return _part(request, "edit", context, status=422)
    try:
        made, key = checked(found.tool, found.approval.call_id, form.arguments())
    except Rejected as rejected:
        form.say(rejected.fields)
        return _part(request, "edit", context, status=422)
    context["changed"] = [row for row in rows_of(found.tool, found.approval.arguments, made) if row.lines]
    context["untouched"] = key == found.approval.current_hash
    initial = {"decision": "approve", "seen": found.approval.current_hash, "arguments": json.dumps(made)}
    context["word"] = WordForm(initial=initial)
    return _part(request, "review", context)


@in_tenant("decide_routine", "GET", "HEAD", "POST")
def say_word(request: TenantRequest, approval_id: int) -> HttpResponse:
    """Ask once more, in a dialog (GET), then say it (POST)."""
    approval = _approval(request, approval_id)
    if request.method != "POST":
        decision = "deny" if request.GET.get("decision") == "deny" else "approve"
        form = WordForm(initial={"decision": decision, "seen": approval.current_hash})
        return _word(request, approval, form)
    form = WordForm(request.POST)
    if not form.is_valid():
        return _word(request, approval, form, status=422)
    try:
        counted = decide(
            approval=approval,
            actor=request.user.get_username(),
            approve=form.approve,
            note=form.cleaned_data["note"],
            role=approver_role(request.verbs) or "operator",
            arguments=form.cleaned_data["arguments"],
            seen=form.cleaned_data["seen"],
        )
    except NotCounted as why:
        form.add_error(None, str(why))
        return _word(request, approval, form, status=409)
    except Rejected as rejected:
        form.add_error(None, f"The tool does not take these arguments: {rejected.hint}")
        return _word(request, approval, form, status=422)
    if counted and request.htmx and "/runs/" in (request.htmx.current_url_abs_path or ""):
        return HttpResponse()  # closes the dialog; the run's page shows what became of it
    approval.refresh_from_db()
    _tell(request, approval, counted=counted)
    address = reverse("approvals:detail", args=[request.tenant.slug, approval.pk])
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)


def _tell(request: TenantRequest, approval: Approval, *, counted: bool) -> None:
    if not counted:
        by = f" by {approval.decided_by}" if approval.decided_by else ""
        said = f"{approval.decision}{by}" if approval.decision else "over"
        messages.warning(request, f"Too late: it was {said} already. Your word changed nothing.")
    elif approval.decision == "approved":
        messages.success(request, f"Approved. {approval.tool} goes out now, once.")
    elif approval.decision == "denied":
        messages.success(request, f"Denied. The run goes on without {approval.tool}.")
    else:
        messages.success(request, "Your yes is counted; it takes another person now.")


def _approval(request: TenantRequest, approval_id: int) -> Approval:
    rows = Approval.objects.filter(run__tenant=request.tenant).select_related("run__version", "rule")
    approval = get_object_or_404(rows, pk=approval_id)
    approval.run.tenant = request.tenant
    return approval


def _one(request: TenantRequest, approval_id: int) -> One:
    return one_of(_approval(request, approval_id), viewer=request.user.get_username(), now=timezone.now())


def _around(request: TenantRequest, found: One) -> dict[str, object]:
    role = approver_role(request.verbs)
    approval, me = found.approval, request.user.get_username()
    is_open = approval.outcome == "open" and not approval.run.ended and approval.expires_at > timezone.now()
    return {
        "tenant": request.tenant,
        "verbs": request.verbs,
        "one": found,
        "approval": approval,
        "run": approval.run,
        "is_open": is_open,
        "reaches": role is not None and RANK[role] >= RANK[approval.terms.role],
        "said_yes": me in found.yeses,
    }


def _part(request: TenantRequest, name: str, context: dict[str, object], *, status: int = 200) -> HttpResponse:
    """``approvals/_<name>.html`` in its place, or within a page of its own without htmx."""
    partial = f"approvals/_{name}.html"
    if request.htmx:
        return render(request, partial, context, status=status)
    around = {**frame(request, active="approvals"), **context, "partial": partial}
    return render(request, "approvals/part.html", around, status=status)


def _word(request: TenantRequest, approval: Approval, form: WordForm, *, status: int = 200) -> HttpResponse:
    found = one_of(approval, viewer=request.user.get_username(), now=timezone.now())
    return _part(request, "word", {**_around(request, found), "form": form}, status=status)
