"""The Overview of a tenant, and the same on a wall."""

from collections.abc import Sequence
from typing import cast

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from budgets import clock
from budgets.models import BudgetAlert
from console.access.requests import TenantRequest, in_tenant
from console.live.feeds import position_of_overview
from console.screens.frame import frame
from console.screens.overview.catalogue import look_at
from console.screens.overview.facts import read_facts
from console.screens.overview.page import page_of
from console.screens.overview.rows import need_rows
from console.screens.overview.tables import BurnersTable
from console.screens.stops.standing import Stop


@in_tenant("view")
def show(request: TenantRequest) -> HttpResponse:
    """What needs a person, the figures, and what burns; with ``?wall=1`` for a screen that nobody touches."""
    live = position_of_overview(request.tenant.pk)
    now = clock.now()
    look = look_at(request.tenant, now)
    around = frame(request, active="overview", counted=look.attention)
    facts = read_facts(
        request.tenant,
        now,
        look=look,
        stops=cast(Sequence[Stop], around["stops"]),
        alerts=cast(Sequence[BudgetAlert], around["alerts"]),
    )
    on_a_wall = request.GET.get("wall") == "1"
    page, drawn_at = page_of(facts), timezone.now()
    context = {
        **around,
        "live": live,
        "page": page,
        "first_needs": need_rows(page.first_needs, verbs=request.verbs, now=drawn_at),
        "more_needs": need_rows(page.more_needs, verbs=request.verbs, now=drawn_at),
        "burners": BurnersTable(page.burners, tenant_slug=request.tenant.slug),
        "socket": f"/live/t/{request.tenant.slug}/overview/",
    }
    return render(request, "overview/wall.html" if on_a_wall else "overview/overview.html", context)
