"""The stops of a tenant: what stands, what was stopped, and how a stop is lifted."""

from collections.abc import Sequence
from typing import cast

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from agents.switches import lift
from console.access.requests import TenantRequest, in_tenant
from console.live.feeds import position
from console.screens.frame import frame
from console.screens.said import say
from console.screens.stops.dialog import dialog, to_page
from console.screens.stops.forms import ReasonForm
from console.screens.stops.scopes import may_switch, words_of
from console.screens.stops.standing import Stop, find_switch, lifted_stops, orders_page
from console.screens.stops.tables import LiftedTable, OrdersTable, StandingTable


@in_tenant("view")
def list_stops(request: TenantRequest) -> HttpResponse:
    """Standing stops, kill orders with their totals, and stops that were lifted."""
    live = position(request.tenant.pk)
    found = orders_page(tenant=request.tenant, number=request.GET.get("page", 1))
    around = frame(request, active="stops")
    context = {
        **around,
        "live": live,
        "page": found.page,
        "standing": StandingTable(cast(Sequence[Stop], around["stops"])),
        "orders": OrdersTable(found.lines, tenant_slug=request.tenant.slug),
        "lifted": LiftedTable(lifted_stops(request.tenant)),
    }
    return render(request, "stops/stops.html", context)


@in_tenant("kill", "GET", "HEAD", "POST")
def lift_stop(request: TenantRequest, switch_id: int) -> HttpResponse:
    """Say what becomes possible again and ask why (GET), then lift it (POST)."""
    switch = find_switch(request.tenant, switch_id)
    if switch is None:
        raise Http404
    if not may_switch(switch, request.verbs):
        raise PermissionDenied(f"Your role does not include lifting the stop of {words_of(switch)}.")
    form = ReasonForm(request.POST if request.method == "POST" else None)
    form.fields["reason"].widget.attrs["autofocus"] = True
    status = 200
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        if lift(switch=switch, actor=request.user.get_username(), reason=reason):
            undo = reverse("stops:undo", args=[request.tenant.slug, switch.pk])
            say(request, f"Lifted: the stop of {words_of(switch)}.", undo=undo)
            return to_page(request, "stops:list")
        switch.refresh_from_db()
        status = 409
    elif request.method == "POST":
        status = 422
    return dialog(request, "lift", {"switch": switch, "words": words_of(switch), "form": form}, status=status)
