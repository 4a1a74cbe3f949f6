"""The bare address: leads to the Overview of the first tenant that a person may see."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from console.access.policy import tenants_of
from console.access.requests import HtmxHttpRequest, to_sign_in


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Redirect to the Overview; a person without any tenant is told whom to ask."""
    if not request.user.is_authenticated:
        return to_sign_in(cast(HtmxHttpRequest, request))
    tenant = tenants_of(request.user).first()
    if tenant is None:
        return render(request, "errors/no_tenant.html", status=403)
    return redirect("overview:show", tenant=tenant.slug)
