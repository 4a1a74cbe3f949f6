"""All tenants of a person side by side: for the platform's admins, and for whoever is in several."""

from typing import cast

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from budgets import clock
from console.access.policy import tenants_of
from console.access.requests import HtmxHttpRequest, to_sign_in
from console.screens.everywhere.facts import read_everywhere
from console.screens.everywhere.rows import rows_of, sums_of
from console.screens.everywhere.tables import EverywhereTable
from console.screens.frame import frame_outside

MOST_TENANTS = 500
"""More are not looked at; the page then says "500+"."""
ROWS = 50


@never_cache
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The page; who is in one tenant alone is led to its Overview, and for who is in none there is no such page."""
    if not request.user.is_authenticated:
        return to_sign_in(cast(HtmxHttpRequest, request))
    tenants = list(tenants_of(request.user)[: MOST_TENANTS + 1])
    if not request.user.is_platform_admin:
        if not tenants:
            raise Http404
        if len(tenants) == 1:
            return redirect("overview:show", tenants[0].slug)
    found = read_everywhere(tenants[:MOST_TENANTS], clock.now())
    rows = rows_of(found.facts)
    page = Paginator(rows, ROWS).get_page(request.GET.get("page"))
    context = {
        "tenants": tenants,
        **frame_outside(request.user, active="everywhere"),
        "everywhere": True,
        "table": EverywhereTable(list(page)),
        "page": page,
        "sums": sums_of(rows),
        "lines_cut": found.lines_cut,
        "is_cut": len(tenants) > MOST_TENANTS,
        "most": MOST_TENANTS,
    }
    return render(request, "everywhere/everywhere.html", context)
