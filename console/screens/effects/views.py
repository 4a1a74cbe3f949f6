"""All effects of a tenant of which nobody knows whether they happened, each with the way to its run."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render

from console.access.requests import TenantRequest, in_tenant
from console.live.feeds import position
from console.screens.frame import frame
from console.screens.run.effects import unknown_in

ON_A_PAGE = 50


@in_tenant("view")
def list_unknown(request: TenantRequest) -> HttpResponse:
    """The oldest first: whoever waits longest is answered first."""
    live = position(request.tenant.pk)
    page = Paginator(unknown_in(request.tenant), ON_A_PAGE).get_page(request.GET.get("page", 1))
    return render(request, "effects/list.html", {**frame(request, active="effects"), "live": live, "page": page})
