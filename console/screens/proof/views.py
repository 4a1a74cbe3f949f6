"""The proof that no budget was overshot: what was checked, when, and what it does not show."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django_htmx.http import HttpResponseClientRefresh

from budgets.ledger.asked_verification import ask_for_verification
from console.access.requests import TenantRequest, in_tenant
from console.screens.frame import frame
from console.screens.proof.selectors import verifications, waiting_request
from console.screens.proof.tables import CallsTable, RefusedTable, TightnessTable, VerificationsTable
from console.screens.proof.week import figures_of_week


@in_tenant("view")
def show_proof(request: TenantRequest) -> HttpResponse:
    """The page."""
    checked = verifications(request.tenant, request.user)
    week = figures_of_week(request.tenant, timezone.now())
    context = {
        **frame(request, active="budgets"),
        "checked": checked,
        "verifications": VerificationsTable(checked),
        "week": week,
        "tightness": TightnessTable(week.tightness),
        "refused": RefusedTable(week.refused),
        "overbilled": CallsTable(week.overbilled.latest),
        "unreconciled": CallsTable(week.unreconciled.latest),
        "waiting": waiting_request(),
        "may_verify": "edit_budgets" in request.verbs,
    }
    return render(request, "proof/proof.html", context)


@in_tenant("edit_budgets", "POST")
def verify_now(request: TenantRequest) -> HttpResponse:
    """Put a verification of the whole ledger before the workers; the page shows how far it is."""
    ask_for_verification(asked_by=request.user.get_username(), tenant=request.tenant)
    return redirect("proof:show", tenant=request.tenant.slug)


@in_tenant("view")
def show_progress(request: TenantRequest) -> HttpResponse:
    """How far the verification is; the page is read again once it has ended."""
    waiting = waiting_request()
    if waiting is None:
        return HttpResponseClientRefresh()
    return render(request, "proof/_progress.html", {"tenant": request.tenant, "waiting": waiting})
