"""The receipt of a kill order, and the end of a run whose worker does not answer."""

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from agents.kills import force
from agents.models import Run
from console.access.requests import TenantRequest, in_tenant
from console.live.feeds import position
from console.screens.frame import frame
from console.screens.stops.after import after_kill
from console.screens.stops.dialog import dialog, to_page
from console.screens.stops.forms import ReasonForm
from console.screens.stops.order import find_order, receipt_of_order, switch_of
from console.screens.stops.progress import progress_of
from console.screens.stops.scopes import may_switch, words_of
from console.screens.stops.tables import GoingTable, KilledTable

PAGE_ROWS = 50


@in_tenant("view")
def show_order(request: TenantRequest, order_id: int) -> HttpResponse:
    """What was asked and what has become of it, live until all of it has stopped."""
    live = position(request.tenant.pk)
    order = find_order(request.tenant, order_id)
    if order is None:
        raise Http404
    everywhere = order.tenant_id is None and "set_wide_switch" in request.verbs
    receipt = receipt_of_order(order, tenant=None if everywhere else request.tenant, now=timezone.now())
    switch = switch_of(order)
    page = Paginator(receipt.found, PAGE_ROWS).get_page(request.GET.get("page", 1))
    context = {
        **frame(request, active="stops"),
        "live": live,
        "order": order,
        "receipt": receipt,
        "page": page,
        "going": GoingTable(receipt.going[:PAGE_ROWS]),
        "more_going": len(receipt.going[PAGE_ROWS:]),
        "killed": KilledTable(page.object_list),
        "everywhere": everywhere,
        "switch": switch,
        "title": f"stop of {words_of(switch)}" if switch else f"kill of {order.scope}",
        "may_lift": switch is not None and may_switch(switch, request.verbs),
    }
    return render(request, "stops/order.html", context)


@in_tenant("kill", "GET", "HEAD", "POST")
def end_run(request: TenantRequest, run_id: str) -> HttpResponse:
    """Say what it means to end a run without its worker (GET), then do it (POST)."""
    run = Run.objects.filter(tenant=request.tenant, pk=run_id).select_related("tenant", "surface").first()
    if run is None:
        raise Http404
    form = ReasonForm(request.POST if request.method == "POST" else None)
    form.fields["reason"].widget.attrs["autofocus"] = True
    status = 200
    if request.method == "POST" and form.is_valid():
        if force(run=run, actor=request.user.get_username(), reason=form.cleaned_data["reason"]):
            return _back(request, run)
        run.refresh_from_db()
        status = 409
    elif request.method == "POST":
        status = 422
    now = timezone.now()
    asked_at = run.kill_requested_at
    context = {
        "run": run,
        "form": form,
        "progress": progress_of(run, clicked_at=asked_at, now=now) if asked_at else None,
        "after": after_kill(Run.objects.filter(pk=run.pk)),
    }
    return dialog(request, "end", context, status=status)


def _back(request: TenantRequest, run: Run) -> HttpResponse:
    # An empty answer closes the dialog; the page that it was opened from shows what has become of it.
    return HttpResponse() if request.htmx else to_page(request, "runs:detail", run.pk)
