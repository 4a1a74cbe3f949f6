"""The budgets of a tenant: its day and month, its surfaces, users, sessions and runs, nearest to their caps first."""

from typing import get_args

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from budgets.models import BudgetAlert
from budgets.seen_alerts import see, see_all
from console.access.requests import TenantRequest, in_tenant
from console.live.feeds import position
from console.screens.budgets.asked import asked_id
from console.screens.budgets.selectors import By, Reading
from console.screens.budgets.tables import TABLES, UsersTable
from console.screens.frame import frame

TABS: tuple[tuple[By, str], ...] = (
    ("surface", "Surfaces"),
    ("user", "Users"),
    ("session", "Sessions"),
    ("run", "Runs"),
)
MAX_SEARCH_CHARACTERS = 200


@in_tenant("view")
def list_budgets(request: TenantRequest) -> HttpResponse:
    """The page; its figures are read again from the same answer."""
    live = position(request.tenant.pk)
    by = _by(request.GET.get("by", ""))
    search = request.GET.get("q", "").replace("\x00", "")[:MAX_SEARCH_CHARACTERS].strip()
    reading = Reading(request.tenant, timezone.now())
    found = reading.page(by, search=search if by == "user" else "", number=request.GET.get("page", 1))
    context = {
        **frame(request, active="budgets"),
        "live": live,
        "tabs": [(label, f"?{urlencode({'by': name})}", name == by) for name, label in TABS],
        "by": by,
        "search": search,
        "tenant_lines": found.tenant_lines,
        "page": found.page,
        "lines": found.lines,
        "is_cut": found.is_cut,
        "table": TABLES[by](found.lines, tenant=request.tenant),
        "users": UsersTable(found.users, tenant=request.tenant) if found.users else None,
    }
    return render(request, "budgets/budgets.html", context)


@in_tenant("acknowledge", "POST")
def see_alerts(request: TenantRequest) -> HttpResponse:
    """Acknowledge one alert, or all up to the newest one that stood on the page."""
    actor = request.user.get_username()
    if up_to := asked_id(request.POST.get("up_to", "")):
        see_all(tenant=request.tenant, up_to=up_to, actor=actor)
    else:
        alerts = BudgetAlert.objects.for_tenant(request.tenant)
        see(alert=get_object_or_404(alerts, pk=asked_id(request.POST.get("alert", ""))), actor=actor)
    return redirect(_next(request))


def _by(text: str) -> By:
    return next((by for by in get_args(By) if by == text), "surface")


def _next(request: TenantRequest) -> str:
    """The page that the button stood on."""
    wanted = request.POST.get("next", "")
    own = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) and wanted.startswith("/")
    return wanted if own else reverse("budgets:list", args=[request.tenant.slug])
