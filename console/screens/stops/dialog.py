"""Dialogs as answers: a partial for htmx, the same within a page for everybody else."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from console.access.requests import TenantRequest
from console.screens.frame import frame


def dialog(request: TenantRequest, name: str, context: dict[str, object], *, status: int = 200) -> HttpResponse:
    """``stops/_<name>.html``, alone or on ``stops/dialog.html``."""
    partial = f"stops/_{name}.html"
    if request.htmx:
        around: dict[str, object] = {"tenant": request.tenant, "verbs": request.verbs}
        return render(request, partial, {**around, **context}, status=status)
    around = {**frame(request, active="stops"), "partial": partial}
    return render(request, "stops/dialog.html", {**around, **context}, status=status)


def to_page(request: TenantRequest, route: str, *arguments: str | int) -> HttpResponse:
    """Leave for another page of the tenant, from a dialog as well."""
    address = reverse(route, args=[request.tenant.slug, *arguments])
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)
