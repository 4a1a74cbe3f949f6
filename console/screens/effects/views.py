"""The old address of the unknown effects: they are on the page of approvals now."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from console.access.requests import TenantRequest, in_tenant


@in_tenant("view")
def list_unknown(request: TenantRequest) -> HttpResponse:
    """To where they are now."""
    return redirect(f"{reverse('approvals:list', args=[request.tenant.slug])}#unknown-effects")
