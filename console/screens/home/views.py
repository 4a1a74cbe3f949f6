"""The bare address: leads to where a person starts, the Overview of their tenant or all tenants side by side."""

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
    address = start_of(request.user)
    return redirect(address) if address else render(request, "errors/no_tenant.html", status=403)
