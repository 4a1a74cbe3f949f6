"""The bare address: leads to where a person starts, the Overview of the first tenant unless they chose otherwise."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from console.access.requests import HtmxHttpRequest, to_sign_in
from console.screens.home.start import start_of


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Redirect to that page; a person without any tenant is told whom to ask."""
    if not request.user.is_authenticated:
        return to_sign_in(cast(HtmxHttpRequest, request))
    tenant, page = start_of(request.user, usual="overview:show")
    if tenant is None:
        return render(request, "errors/no_tenant.html", status=403)
    return redirect(page, tenant=tenant.slug)
